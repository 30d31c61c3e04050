"""A daemon of made-up answers for the page: as many targets as wanted, names that try to be markup,
incidents in every state. It serves the built page from web/dist with the daemon's headers, and answers in
the form that the REST API has.

Run by hand (python3 tests/web/fixture.py [targets]) it says where it listens.
"""

import hashlib
import http.server
import json
import pathlib
import random
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
DIST = SOURCE_DIR / "web/dist"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
MIB = 1 << 20
HOUR_S = 3600

HOSTILE = {
    "markup": "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 2\">",
    "quotes": "it's \"quoted\" & `ticked` \\ {{braces}} ${x} &lt;",
    "turned": "gpj.\u202egnp.exe \u2067\u05e9\u05dc\u05d5\u05dd\u2069 \u200f",
    "long": "x" * 4096,
}
VERDICTS = [("leak", 1), ("growing", 2), ("saturating", 3), ("warming", 4), ("healthy", 90)]


def rfc3339(seconds_ago=0):
    return datetime.fromtimestamp(time.time() - seconds_ago, timezone.utc).isoformat().replace("+00:00", "Z")


def frame(function, file="/src/shop/store.go", line=88):
    return {"function": function, "file": file, "line": line}


STACK = [frame("main.(*Store).Open"), frame("main.(*Handler).ServeHTTP", "/src/shop/http.go", 41),
         frame("net/http.serverHandler.ServeHTTP", "/go/src/net/http/server.go", 3142)]


def gates(verdict):
    passed = verdict == "leak"
    return [
        {"gate": "window_s", "text": "seconds of history in the window judged", "value": 7200, "limit": 5400,
         "comparison": ">=", "judged": True, "passed": True},
        {"gate": "growth_bytes", "text": "bytes grown over the window", "value": 310 * MIB if passed else 0.4 * MIB,
         "limit": 4 * MIB, "comparison": ">=", "judged": True, "passed": passed},
        {"gate": "lookback", "text": "rate before the window over the rate in it", "value": None, "limit": 0,
         "comparison": ">=", "judged": False, "passed": False},
    ]


def verdict_of(verdict, rate, since_s=4 * HOUR_S):
    grows = verdict in ("leak", "growing")
    return {
        "verdict": verdict, "since": rfc3339(since_s),
        "growth_bytes_per_second": rate, "growth_lower_bytes_per_second": rate - 5 * 1024,
        "growth_upper_bytes_per_second": rate + 5 * 1024, "growth_bytes": rate * 7200, "window_seconds": 7200,
        "growing_since": rfc3339(since_s) if grows else None,
        "retention_ratio": 0.97 if grows else 0.004, "alloc_bytes_per_second": 420 * 1024, "restarts": 0,
        "recurring": False, "provisional": False, "mean_age_seconds": 640.0,
        "resolvable_bytes_per_second": 900.0 if verdict == "unresolvable" else None,
        "suggested_mem_profile_rate_bytes": 65536 if verdict == "unresolvable" else None,
    }


def curve(rng, verdict, level, points=48):
    slope = 1.1 if verdict in ("leak", "growing") else 0
    return [round(level * (0.5 + slope * i / points + 0.06 * rng.random())) for i in range(points)]


def target_of(index, jobs, rng, labels=None):
    verdict = rng.choices([v for v, _ in VERDICTS], [w for _, w in VERDICTS])[0]
    rate = {"leak": 70e3, "growing": 18e3}.get(verdict, 0) * (0.5 + rng.random()) + rng.uniform(-900, 900)
    job = f"{rng.choice(['cart', 'checkout', 'search', 'billing', 'ingest'])}-{index % jobs:02d}"
    instance = f"10.{index // 65536}.{index // 256 % 256}.{index % 256}:6060"
    down = rng.random() < 0.01
    level = rng.randint(20, 900) * MIB
    spark = curve(rng, verdict, level)
    return {
        "id": f"{index:016x}", "labels": {"job": job, "instance": instance, "zone": f"eu-{index % 3}", **(labels or {})},
        "discoveredLabels": {"__address__": instance}, "scrapePool": job,
        "scrapeUrl": f"http://{instance}/debug/pprof/heap", "globalUrl": f"http://{instance}/debug/pprof/heap",
        "health": "down" if down else "up", "lastError": "connection refused" if down else "",
        "lastScrape": rfc3339(rng.uniform(0, 60)), "lastScrapeDuration": 0.004,
        "scrapeInterval": "1m", "scrapeTimeout": "10s",
        "build": {"id": hashlib.sha1(job.encode()).hexdigest(), "module": "example.com/shop", "version": "v1.8.2",
                  "vcs_revision": "4fb2c1d09a", "go_version": "go1.26.1", "source": "folder", "sites_typed": 120},
        "buildError": "",
        "timeToLimit": {"seconds": 10200, "lo": 9300, "hi": 11400} if verdict == "leak" else None,
        "limit": {"bytes": 2048 * MIB, "source": "GOMEMLIMIT"},
        "firstSeenIn": {"version": "v1.8.2", "revision": "4fb2c1d09a", "buildId": hashlib.sha1(b"v1.8.2").hexdigest(),
                        "at": rfc3339(10 * HOUR_S), "absentIn": "v1.8.1"}
        if verdict == "leak" else None,
        "onset": {"from": rfc3339(9 * HOUR_S), "to": rfc3339(8 * HOUR_S)} if verdict == "leak" else None,
        "goroutines": {"count": rng.randint(20, 4000), "growth": 0},
        "heap": {**verdict_of(verdict, rate), "inuse_bytes": spark[-1], "inuse_objects": 100_000,
                 "alloc_bytes": 50 * spark[-1], "alloc_objects": 9_000_000, "sites": 300, "followed_sites": 40,
                 "process_restarts": 1, "first_seen": rfc3339(30 * HOUR_S), "sample_period_bytes": 524288,
                 "suspects": 1 if verdict in ("leak", "growing") else 0, "sparkline": spark},
    }


def tree(name, value, depth, rng, delta):
    node = {"name": name, "value": value, "children": []}
    if delta:
        node["delta"] = round(value * rng.uniform(-0.4, 1))
    left = value
    while depth > 0 and left > value * 0.15 and len(node["children"]) < 5:
        part = round(left * rng.uniform(0.3, 0.8))
        function = rng.choice(["main.(*Store).Open", "encoding/json.(*Decoder).Decode", "bytes.growSlice",
                               "net/http.(*conn).serve", "runtime.mallocgc", "example.com/shop/cart.Add[...]"])
        node["children"].append(tree(function, part, depth - 1, rng, delta))
        left -= part
    return node


class Answers:
    """What the fixture knows; each method is an endpoint and returns the `data` of its answer."""

    def __init__(self, count, jobs=40, hostile=False):
        rng = random.Random(1)
        self.rng = rng
        self.targets = [target_of(i, jobs, rng) for i in range(count)]
        if hostile:
            self.targets = [self.nasty(i, name) for i, name in enumerate(HOSTILE.values())] + self.targets
        self.posted = []
        self.incident_state = {"pinned": False, "acknowledged": None, "mutedUntil": None, "muteReason": ""}

    @staticmethod
    def nasty(index, name):
        """A target that leaks, whose every name is the given one."""
        rng = random.Random(3)
        target = target_of(10**6 + index, 1, rng, {"job": name, "instance": name, "label": name})
        target["heap"].update(verdict_of("leak", 80e3), suspects=1)
        target.update(scrapePool=name, health="up", lastError="", name=name)
        return target

    def suspects(self, query):
        listed = [t for t in self.targets if t["heap"]["suspects"]]
        listed.sort(key=lambda t: (t["heap"]["verdict"] != "leak", -t["heap"]["growth_bytes_per_second"]))
        def suspect(t):
            name = t.get("name")
            return {"target": {"id": t["id"], "job": t["labels"]["job"], "instance": t["labels"]["instance"],
                               "labels": t["labels"], "build": t["build"]},
                    "site": self.site(name), **verdict_of(t["heap"]["verdict"], t["heap"]["growth_bytes_per_second"]),
                    "type": name or "*main.Session", "kind": "object", "type_unresolved": "",
                    "inuse_bytes": 310 * MIB, "alloc_bytes": 900 * MIB, "gates": gates(t["heap"]["verdict"]),
                    "firstSeenIn": t["firstSeenIn"], "sparkline": t["heap"]["sparkline"]}
        limit = int(query.get("limit", 200))
        return {"suspects": [suspect(t) for t in listed[:limit]], "count": len(listed)}

    @staticmethod
    def site(name=None, line=88):
        top = frame(name or "main.(*Store).Open", name or "/src/shop/store.go", line)
        return {"id": f"{line:016x}", **top, "responsible": top, "stack": [top] + STACK[1:]}

    def target_list(self, query):
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 1000))
        found = [t for t in self.targets if query.get("job", t["labels"]["job"]) == t["labels"]["job"]]
        return {"activeTargets": found[offset:offset + limit], "droppedTargets": [], "droppedTargetCounts": {},
                "total": len(found)}

    def target(self, target, query):
        name = target.get("name")
        restart_h = (140 * 600 + 6 * 1800) / HOUR_S  # as in series()
        ran = [("v1.8.0", 40, restart_h), ("v1.8.1", restart_h, 20), (name or "v1.8.2", 20, 0)]
        builds = [{"id": hashlib.sha1(version.encode()).hexdigest(), "version": version, "vcs_revision": "",
                   "from": rfc3339(begin * HOUR_S), "to": rfc3339(end * HOUR_S)} for version, begin, end in ran]
        return {**target, "gates": gates(target["heap"]["verdict"]), "scrapes": {"ok": 1800}, "builds": builds}

    def series(self, target, query):
        now, length = time.time(), 600
        values = curve(random.Random(5), target["heap"]["verdict"], 300 * MIB, 140)
        start = now - length * len(values)
        earlier = [] if query.get("site") or query.get("type") else [
            {"start": start - (12 - i) * 1800, "end": start - (11 - i) * 1800, "inuse_bytes": (150 + i) * MIB,
             "inuse_min_bytes": (140 + i) * MIB, "alloc_bytes": 1e9 * (i % 6)} for i in range(12)]
        rate = (values[-1] - values[0]) / (length * len(values))
        return {"target": target["id"], "site": query.get("site"), "type": query.get("type"),
                **verdict_of(target["heap"]["verdict"], rate, 9 * HOUR_S),
                "gates": gates(target["heap"]["verdict"]), "earlier": earlier,
                "blocks": [{"start": start + i * length, "end": start + (i + 1) * length, "inuse_bytes": v,
                            "inuse_min_bytes": round(v * 0.93), "alloc_bytes": (i if i < 20 else i - 20) * 90 * MIB} for i, v in enumerate(values)]}

    def rows(self, kind, target, query):
        name = target.get("name")
        names = [name or "*main.Session", "[]uint8", "map[string]*main.Session", "struct { F uintptr; buf []uint8 }"]
        rows = []
        for i, type_name in enumerate(names):
            verdict = [target["heap"]["verdict"], "unresolvable"][i] if i < 2 else "healthy"
            rows.append({**(self.site(name, 88 + i) if kind == "sites" else {"id": f"{88 + i:016x}", "sites": i + 1}),
                         "type": type_name, "kind": "object", "type_source": "binary", "type_import_path": "main",
                         "type_module": "example.com/shop", "type_version": "v1.8.2", "type_unresolved": "",
                         "inuse_bytes": (310 >> i) * MIB, "inuse_objects": 4000 >> i, "alloc_bytes": 900 * MIB,
                         "alloc_objects": 80_000, "followed": i < 3,
                         **verdict_of(verdict, 70e3 if i == 0 and verdict == "leak" else 20.0)})
        rows = [row for row in rows if query.get("id", row["id"]) == row["id"]]
        return {kind: rows, "total": len(rows), "other": {"sites": 212, "inuse_bytes": 9 * MIB, "alloc_bytes": 80 * MIB},
                "build": target["build"], "buildError": ""}

    def memory(self, target, query):
        history = [{"at": rfc3339((140 - i) * 600), "resident": (420 + 3 * i) * MIB, "inuse": (390 + 3 * i) * MIB,
                    "live": (200 + 2 * i) * MIB} for i in range(140)]
        return {"at": rfc3339(20), "rss": 837 * MIB, "inuse": 807 * MIB, "idle": 20 * MIB, "stacks": 4 * MIB,
                "runtime": 6 * MIB, "other": 2 * MIB, "limit": 2048 * MIB, "gomemlimit": 1800 * MIB,
                "nextGC": 960 * MIB, "gcCPUFraction": 0.013, "residentPerLive": 1.4, "history": history}

    def goroutines(self, target, query):
        name = target.get("name") if target else None
        stack = [frame("runtime.gopark", "/go/src/runtime/proc.go", 460),
                 frame(name or "main.(*Worker).wait", "/src/shop/worker.go", 55)]
        groups = [{"id": f"{i:016x}", "count": 4200 >> i, "wait": wait, "growthPerHour": growth, "verdict": verdict,
                   "created_by": "main.start", "stack": stack, "responsible": stack[1], "joins": []}
                  for i, (wait, growth, verdict) in enumerate(
                      [("chan receive", 340.0, "leak"), ("IO wait", 0.0, "healthy"), ("select", -2.0, "healthy")])]
        return {"groups": groups, "total": sum(g["count"] for g in groups), "at": rfc3339(20)}

    def flame(self, query):
        rng = random.Random(7)
        unit = "bytes" if query.get("sample", "inuse_space").endswith("space") else "objects"
        return {**tree("total", 900 * MIB, 9, rng, "base" in query), "unit": unit,
                "sample": query.get("sample", "inuse_space"), "at": rfc3339(20)}

    def why(self, target, query):
        return {"capture": {"allowed": True, "allowedFor": {"api": True}, "rules": []}, "verdict": {}, "lastRefusals": []}

    # ---- incidents ----

    def summary(self, index, state):
        target = self.targets[index % len(self.targets)]
        name = target.get("name")
        return {"id": f"{index + 1:016x}", "target": {"id": target["id"], "job": target["labels"]["job"],
                                                      "instance": target["labels"]["instance"]},
                "state": state, "trigger": ["verdict", "webhook", "api"][index % 3],
                "openedAt": rfc3339(600 * (index + 1)), "finishedAt": rfc3339(500) if state == "ready" else None,
                "title": name or "*main.Session grows by 4.1 MiB/min, allocated in main.(*Store).Open",
                "type": name or "*main.Session", "site": "main.(*Store).Open store.go:88", "verdict": "leak",
                "rateBytesPerSecond": 71e3, "rateLo": 66e3, "rateHi": 76e3, "onset": {"from": rfc3339(9 * HOUR_S), "to": rfc3339(8 * HOUR_S)},
                "pattern": "map_store", "bytes": 3 * MIB,
                "upload": {"state": "refused", "at": rfc3339(400), "why": name or "403 AccessDenied"}, **self.incident_state}

    def incidents(self, query):
        states = ["ready", "collecting", "failed", "ready", "ready"]
        every = [self.summary(i, s) for i, s in enumerate(states)]
        wanted = query.get("state", "any")
        found = [i for i in every if wanted in ("any", i["state"])
                 and query.get("target", i["target"]["id"]) == i["target"]["id"]]
        return {"incidents": found[:int(query.get("limit", 100))], "total": len(found)}

    def incident(self, id_text):
        summary = self.summary(int(id_text, 16) - 1, "ready")
        rate = {"value": summary["rateBytesPerSecond"], "lo": summary["rateLo"], "hi": summary["rateHi"]}
        name = summary["type"]
        files = [("baseline.pb.gz", "ok"), ("heap.pb.gz", "ok"), ("heap-gc.pb.gz", "ok"), ("goroutine.pb.gz", "ok"),
                 ("report.json", "ok"), ("cpu.pb.gz", "refused"), ("trace.out", "failed")]
        gc_rows = [{"site": f"{i:016x}", "type": name, "kind": "object", **frame("main.(*Store).Open"),
                    "responsible": frame("main.(*Store).Open"), "allocBytes": 900 * MIB, "beforeBytes": (320 >> i) * MIB,
                    "afterBytes": (310 >> i) * MIB, "freedBytes": (10 >> i) * MIB} for i in range(5)]
        files = [{"name": n, "bytes": 90_000 if s == "ok" else 0, "sha256": hashlib.sha256(n.encode()).hexdigest(),
                  "contentType": "application/octet-stream", "taken": rfc3339(550), "state": s,
                  "why": None if s == "ok" else "the target is too busy for it"} for n, s in files]
        report = {
                "diagnosis": [{"pattern": "map_store", "title": "Entries of a long-lived map are never deleted",
                               "strength": "likely", "score": 8, "against": ["the map was cleared once"],
                               "evidence": ["97 % of what it allocates is never freed", f"the type is {name}"],
                               "fix": "Delete the session when it ends, or bound the map."},
                              {"pattern": "cache", "title": "A cache without eviction", "strength": "possible",
                               "score": 3, "evidence": ["a map grows"], "against": [], "fix": "Bound it."}],
                "subject": {"id": f"{88:016x}", "type": name, "kind": "object", "verdict": "leak",
                            "rateBytesPerSecond": rate, "windowSeconds": 7200, "retention": 0.97,
                            "meanAgeSeconds": 5400, "onsetFrom": rfc3339(9 * HOUR_S), "onsetTo": rfc3339(8 * HOUR_S),
                            "inuseBytes": 310 * MIB, "inuseObjects": 4000, "leaf": STACK[0],
                            "responsible": STACK[0], "stack": STACK},
                "others": [], "gates": gates("leak"), "replicas": {"total": 8, "growing": 7},
                "firstSeenIn": {"version": "v1.8.2", "revision": None, "buildId": None, "absentIn": "v1.8.1"},
                "gc": {"beforeBytes": 640 * MIB, "afterBytes": 590 * MIB, "total": 40, "rows": gc_rows},
                "goroutines": {k: v for k, v in self.goroutines(None, {}).items() if k != "at"},
                "memory": {"rss": 900 * MIB, "inuse": 640 * MIB}, "limit": {"bytes": 2048 * MIB, "source": "GOMEMLIMIT"},
                "timeToLimitSeconds": {"value": 10200, "lo": 9300, "hi": 11400}}
        return {**summary, "why": "a new leak", "report": report, "files": files}

    def act(self, path, body):
        self.posted.append((path, body))
        what = path.rsplit("/", 1)[1]
        if what == "capture":
            return {"incident": f"{1:016x}"}
        self.incident_state.update({
            "pin": {"pinned": True}, "unpin": {"pinned": False}, "unmute": {"mutedUntil": None},
            "mute": {"mutedUntil": rfc3339(-7200), "muteReason": body.get("reason")},
            "acknowledge": {"acknowledged": {"by": body.get("by"), "note": body.get("note"), "at": rfc3339()}},
        }[what])
        return {}

    def answer(self, path, query):
        """The data of GET api/v1/<path>; KeyError where there is none."""
        parts = path.split("/")
        if parts[0] == "targets" and len(parts) > 1:
            target = next((t for t in self.targets if t["id"] == parts[1]), None)
            if not target:
                raise KeyError(parts[1])
            if len(parts) == 2:
                return self.target(target, query)
            if parts[2] in ("sites", "types"):
                return self.rows(parts[2], target, query)
            if parts[2] == "flame":
                return self.flame(query)
            return {"series": self.series, "memory": self.memory, "goroutines": self.goroutines,
                    "why": self.why}[parts[2]](target, query)
        if parts[0] == "incidents" and len(parts) == 2:
            return self.incident(parts[1])
        if path == "status/buildinfo":
            return {"version": "0.1.0", "revision": "fixture"}
        return {"targets": self.target_list, "suspects": self.suspects, "incidents": self.incidents,
                "flame": self.flame}[path](query)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, content_type, body):
        etag = f'W/"{hashlib.sha1(body).hexdigest()[:16]}"'
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), "ETag": etag,
                            "Cache-Control": "no-cache", "Content-Security-Policy": CSP}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def reply(self, make):
        """Sends what make() returns in the API's envelope, or that there is no such thing."""
        try:
            status, envelope = 200, {"status": "success", "data": make()}
        except KeyError as missing:
            status, envelope = 404, {"status": "error", "errorType": "not_found", "error": f"no {missing}"}
        self.send(status, "application/json", json.dumps(envelope).encode())

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path.startswith("/api/v1/"):
            query = dict(urllib.parse.parse_qsl(url.query))
            self.reply(lambda: self.server.answers.answer(url.path.removeprefix("/api/v1/"), query))
            return
        file = DIST / (url.path.strip("/") or "index.html")
        if file.parent == DIST and file.suffix in TYPES and file.is_file():
            self.send(200, TYPES[file.suffix], file.read_bytes())
        else:
            self.send(404, "text/plain", b"not found\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Type") != "application/json":
            self.send(415, "text/plain", b"JSON only\n")
            return
        self.reply(lambda: self.server.answers.act(self.path, json.loads(body)))


class FixtureServer:
    """Serves Answers on a loopback port of its own until close()."""

    def __init__(self, count, **kwargs):
        self.answers = Answers(count, **kwargs)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.answers = self.answers
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    print(FixtureServer(int(sys.argv[1]) if len(sys.argv) > 1 else 200, hostile=True).url, flush=True)
    threading.Event().wait()
