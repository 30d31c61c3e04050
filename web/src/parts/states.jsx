// What stands where something is not there yet, not at all, or not any more.

export function Loading({ what }) {
  return (
    <p class="state loading" role="status">
      Loading {what} …
    </p>
  );
}

export function Empty({ title, children }) {
  return (
    <div class="state">
      <p class="headline">{title}</p>
      {children && <p class="dim">{children}</p>}
    </div>
  );
}

export function Failure({ what, error }) {
  return (
    <div class="state" role="alert">
      <p class="headline">{what} could not be loaded.</p>
      <p class="dim">{error.message}. Trying again …</p>
    </div>
  );
}

function Absent({ what }) {
  return (
    <Empty title={`There is no such ${what}.`}>
      It may be gone since the address was written down.{" "}
      <a href="#/" data-up>
        To the fleet
      </a>
    </Empty>
  );
}

// Shows children(data) of a live answer, or the state it is in. absent says what stands there when the
// daemon has no such thing; null: nothing at all.
export function Live({ answer, what, absent, children }) {
  if (answer.data) return children(answer.data);
  if (answer.absent) return absent === undefined ? <Absent what={what} /> : absent;
  if (answer.error)
    return <Failure what={what[0].toUpperCase() + what.slice(1)} error={answer.error} />;
  return <Loading what={what} />;
}
