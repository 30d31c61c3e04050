// What one does with an incident: pin, acknowledge, mute.

import { useState } from "preact/hooks";

import { post } from "../api.js";
import { absolute } from "../format.js";
import { isMuted } from "./words.js";

const MUTES = ["2h", "8h", "1d", "7d"];

function useAction(id, onDone) {
  const [state, setState] = useState({ busy: false, error: null });
  async function act(what, body = {}) {
    setState({ busy: true, error: null });
    try {
      await post(`incidents/${encodeURIComponent(id)}/${what}`, body);
      setState({ busy: false, error: null });
      onDone();
      return true;
    } catch (error) {
      setState({ busy: false, error: error.message });
      return false;
    }
  }
  return { ...state, act };
}

function Form({ title, busy, onSend, onCancel, children }) {
  function submit(event) {
    event.preventDefault();
    onSend(Object.fromEntries(new FormData(event.currentTarget)));
  }
  return (
    <form class="card form" aria-label={title} onSubmit={submit}>
      {children}
      <div class="actions">
        <button class="plain-button" disabled={busy}>
          {title}
        </button>
        <button type="button" class="plain-button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

function Acknowledge(props) {
  return (
    <Form title="Acknowledge" {...props}>
      <label>
        Your name <input type="text" name="by" required maxLength={100} autocomplete="name" />
      </label>
      <label>
        Note <input type="text" name="note" maxLength={1000} />
      </label>
    </Form>
  );
}

function Mute(props) {
  return (
    <Form title="Mute" {...props}>
      <label>
        For{" "}
        <select name="for">
          {MUTES.map((time) => (
            <option key={time}>{time}</option>
          ))}
        </select>
      </label>
      <label>
        Reason <input type="text" name="reason" required maxLength={1000} />
      </label>
    </Form>
  );
}

function Standing({ incident }) {
  const { acknowledged, mutedUntil, muteReason } = incident;
  return (
    <>
      {acknowledged && (
        <p>
          Acknowledged by <b>{acknowledged.by}</b>, {absolute(acknowledged.at)}
          {acknowledged.note && `: ${acknowledged.note}`}
        </p>
      )}
      {isMuted(incident) && (
        <p>
          Muted until {absolute(mutedUntil)}
          {muteReason && `: ${muteReason}`}
        </p>
      )}
    </>
  );
}

export function Actions({ incident, onDone }) {
  const { busy, error, act } = useAction(incident.id, onDone);
  const [form, setForm] = useState(null);
  const muted = isMuted(incident);
  const close = () => setForm(null);
  const send = (what) => async (body) => (await act(what, body)) && close();
  return (
    <>
      <div class="actions" role="group" aria-label="Actions">
        {!incident.acknowledged && (
          <button
            type="button"
            class="plain-button"
            disabled={busy}
            onClick={() => setForm("acknowledge")}
          >
            Acknowledge
          </button>
        )}
        <button
          type="button"
          class="plain-button"
          disabled={busy}
          onClick={() => (muted ? act("unmute") : setForm("mute"))}
        >
          {muted ? "Unmute" : "Mute"}
        </button>
        <button
          type="button"
          class="plain-button"
          disabled={busy}
          aria-pressed={Boolean(incident.pinned)}
          title="What is pinned is never thinned out"
          onClick={() => act(incident.pinned ? "unpin" : "pin")}
        >
          {incident.pinned ? "Pinned" : "Pin"}
        </button>
      </div>
      <div class="standing">
        {error && (
          <p class="bad" role="alert">
            {error}
          </p>
        )}
        {form === "acknowledge" && (
          <Acknowledge busy={busy} onCancel={close} onSend={send("acknowledge")} />
        )}
        {form === "mute" && <Mute busy={busy} onCancel={close} onSend={send("mute")} />}
        <Standing incident={incident} />
      </div>
    </>
  );
}
