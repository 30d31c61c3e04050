"""State: survives kill -9, a damaged file is set aside aloud, and no two daemons share one."""

import itertools
import random
import signal
import sqlite3
import time

import pytest

from harness import wait_until

CHECKPOINT_S = 5
INTERVAL_S = 2
CONFIG = """
global: {{scrape_interval: 2s}}
trend: {{base_block: 1s}}
storage: {{checkpoint_interval: 5s}}
scrape_configs:
  - job_name: shop
    static_configs: [{{targets: ["{address}"]}}]
"""
DATABASE = "leakwatchd.db"


def leak_at(daemon):
    suspects = [s for s in daemon.suspects("leak") if s["site"]]
    return suspects[0] if suspects else None


def blocks_of(daemon, suspect):
    path = f"targets/{suspect['target']['id']}/series"
    return daemon.api(path, site=suspect["site"]["id"])["blocks"]


@pytest.mark.slow(124)
def test_kill_and_restart_goes_on(daemon, go_target):
    target = go_target("sessionleak")
    config = CONFIG.format(address=target.address)
    d = daemon(config)
    leak = wait_until(lambda: leak_at(d), 180, "the leak", poll_s=1)
    # Whatever is older than a checkpoint must survive: let one pass over the verdict.
    known = time.time()
    wait_until(lambda: blocks_of(d, leak)[-1]["end"] > known + CHECKPOINT_S + INTERVAL_S, 60,
               "blocks past a checkpoint")
    before = blocks_of(d, leak)
    d.kill()
    killed = time.time()

    again = daemon(config, storage=d.storage_dir)
    started = time.time()
    kept = wait_until(lambda: leak_at(again), 5, "the leak after the restart")
    assert kept["site"]["id"] == leak["site"]["id"]
    assert kept["since"] == leak["since"]
    after = [b for b in blocks_of(again, kept) if b["end"] <= killed]
    assert after[0]["start"] <= before[0]["start"] + 64, "the past is there"
    lost_s = killed - after[-1]["end"]
    assert lost_s <= CHECKPOINT_S + 4 * INTERVAL_S, f"{lost_s:.1f} s lost"
    wait_until(lambda: blocks_of(again, kept)[-1]["start"] >= started, 30, "blocks after it")
    assert leak_at(again), "the first scrapes after the restart took the verdict back"


@pytest.fixture
def filled(daemon, go_target):
    """The config and the storage directory of a daemon that stopped after a few scrapes."""
    target = go_target("plain")
    config = CONFIG.format(address=target.address)
    d = daemon(config)
    d.wait_up(target.address)
    assert d.stop() == 0
    assert (d.storage_dir / DATABASE).stat().st_size > 4096
    return config, d.storage_dir


def overwrite_header(data):
    return b"this is no database any more" + data[28:]


def truncate(data):
    return data[:len(data) // 2 + 100]


def scribble(data):
    noise = random.Random(20250101).randbytes(len(data) - 4096)
    return data[:4096] + noise


@pytest.mark.parametrize("damage", [overwrite_header, truncate, scribble])
def test_damaged_file_is_set_aside(daemon, filled, damage):
    config, storage = filled
    database = storage / DATABASE
    damaged = damage(database.read_bytes())
    database.write_bytes(damaged)
    d = daemon(config, storage=storage)
    d.errors_expected = True
    aside = list(storage.glob(f"{DATABASE}.damaged-*"))
    assert [p.read_bytes() for p in aside if not p.name.endswith(("-wal", "-shm"))] == [damaged]
    assert aside[0].name.removesuffix("-wal").removesuffix("-shm") in d.log()
    assert d.metric("leakwatch_store_files_set_aside_total") == 1
    wait_until(lambda: d.metric("leakwatch_scrapes_total", outcome="ok"), 20, "scrapes go on")


def damage_index(database):
    """Makes an index say something else than its table, which no check at the start looks for."""
    def run(*statements):
        with sqlite3.connect(database) as db:
            for statement in statements:
                db.execute(statement)
    run("PRAGMA writable_schema = ON",
        "CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'series_key'",
        "DELETE FROM sqlite_schema WHERE name = 'series_key'")
    run("UPDATE series SET key = 1 WHERE kind = 0")  # of a total: it says nothing
    run("PRAGMA writable_schema = ON", "INSERT INTO sqlite_schema SELECT * FROM kept")


def test_damage_found_by_a_write_costs_nothing(daemon, filled):
    config, storage = filled
    damage_index(storage / DATABASE)
    d = daemon(config, storage=storage)
    d.errors_expected = True
    d.wait_for_log("what is known is written to a new one", 60)
    wait_until(lambda: d.metric("leakwatch_store_batches_total"), 60, "a batch in the new file")
    assert d.metric("leakwatch_store_files_set_aside_total") == 1
    assert d.stop() == 0
    again = daemon(config, storage=storage)
    assert again.metric("leakwatch_store_images_refused_total") == 0
    assert again.metric("leakwatch_store_files_set_aside_total") == 0


@pytest.mark.parametrize("inside", ["a-file/storage", None])
def test_unwritable_storage(daemon, tmp_path, inside):
    (tmp_path / "a-file").write_text("not a directory\n")
    storage = tmp_path / inside if inside else "/proc/leakwatchd"  # nobody can make that, not even root
    d = daemon(CONFIG.format(address="127.0.0.1:1"), storage=storage, wait=False)
    d.errors_expected = True
    assert d.child.wait(20) == 1
    assert str(storage) in d.log()


def test_signals_that_come_again_cut_nothing_short(daemon, go_target):
    target = go_target("sessionlru")
    d = daemon(CONFIG.format(address=target.address).replace("checkpoint_interval: 5s",
                                                             "checkpoint_interval: 1m"))
    d.wait_up(target.address)
    for signum in itertools.cycle((signal.SIGTERM, signal.SIGINT)):
        if d.child.poll() is not None:
            break
        d.child.send_signal(signum)
    assert d.child.returncode == 0
    assert d.log().count("stopping on") == 1
    with sqlite3.connect(d.storage_dir / DATABASE) as db:
        assert db.execute("SELECT count(*) FROM series").fetchone()[0] > 0


def test_two_daemons_on_one_storage(daemon):
    config = CONFIG.format(address="127.0.0.1:1")
    first = daemon(config)
    second = daemon(config, storage=first.storage_dir, wait=False)
    second.errors_expected = True
    assert second.child.wait(20) == 1
    assert str(first.storage_dir) in second.log()
    assert "another" in second.log()
    assert first.get("/-/healthy").status_code == 200


def test_state_is_an_ordinary_database(filled):
    """The file can be read with the sqlite3 library while nobody runs."""
    _, storage = filled
    with sqlite3.connect(f"file:{storage / DATABASE}?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    assert tables
