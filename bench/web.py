"""People and events of a given number in, how long the pages take out: `python -m bench.web --people 100000 --events 1000000`.

Writes and runs the JaffleGaggle project at that size, serves it in a process of its own, and lets clients with a second of
thinking time ask for the overview, the list, searches and people: first while nothing else happens, then while a run of one
thread at low priority computes everything anew, and around the moment in which it publishes. Each profile's JSON is checked to be of one snapshot: its
count of events is that of its timeline. `--folder` keeps the project for another measurement.
"""

import argparse
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.measure import table
from c360.examples import jaffle_gaggle
from c360.govern.signin import accounts
from c360.project import load_project
from c360.web.settings import Settings

limits = {"overview": 200, "list": 200, "search": 100, "person": 150}
heads = ["page", "asked", "median ms", "p95 ms", "worst ms", "limit ms", ""]
low_priority, published_seconds = 10, 30
c360 = [sys.executable, "-m", "c360.cli"]


@dataclass
class Asked:
    """What was asked: page -> when (of `time.time`) and how many milliseconds it took; and what was wrong."""

    times: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def rows(self, since: float = 0, until: float = float("inf")) -> list[list[str]]:
        """Median, 95th percentile and worst of each page against its limit, of what was asked in some time."""
        found = []
        for name, limit in limits.items():
            times = sorted(took for at, took in self.times.get(name, ()) if since <= at <= until)
            if times:
                p95 = times[min(len(times) - 1, int(len(times) * 0.95))]
                verdict = "ok" if p95 < limit else "TOO SLOW"
                shown = [f"{time:.0f}" for time in (times[len(times) // 2], p95, times[-1], limit)]
                found.append([name, str(len(times)), *shown, verdict])
        return found


def make(folder: Path, people: int, events: int) -> None:
    """Write and run the project, unless the folder holds it already."""
    if (folder / ".c360" / "published" / "CURRENT").exists():
        return
    jaffle_gaggle.write(folder, users=people, events=events)
    one_thread(folder)
    start = time.perf_counter()
    subprocess.run([*c360, "run", "--quiet", "--project", str(folder)], check=True, stdout=subprocess.DEVNULL)
    print(f"first run: {time.perf_counter() - start:.1f} s", flush=True)


def one_thread(folder: Path) -> None:
    """Give runs one thread."""
    path = folder / "c360.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("warehouse: {engine: duckdb,", "warehouse: {engine: duckdb, threads: 1,"), "utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve in a process of its own; the address and the cookies of an administrator."""
    project = load_project(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    known = next((user for user in accounts.list_users(project.store) if user.email == "bench@company.example"), None)
    user = known or accounts.add_user(project.store, project, "bench@company.example", "Bench", "admin")
    cookies = {Settings(port=port).cookie: accounts.begin_session(project.store, user).secret}
    process = subprocess.Popen([*c360, "serve", "--port", str(port), "--project", str(folder)])
    origin = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{origin}/healthz", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield origin, cookies
    finally:
        process.terminate()
        process.wait(20)


def known_people(origin: str, cookies: dict[str, str]) -> list[dict]:
    """Some hundreds of people with their names and addresses, from several orders of the list."""
    found = []
    with httpx.Client(base_url=origin, cookies=cookies, timeout=120) as client:
        for sort in ("", "name", "-number_of_events", "-most_recent_event", "email"):
            data = client.get("/entities/contact.json", params={"sort": sort}).raise_for_status().json()["data"]
            found += data["rows"]
    return found


def visit(
    asked: Asked, origin: str, cookies: dict[str, str], people: list[dict], is_over: Callable[[], bool], seed: int
) -> None:
    """One client: asks, reads, thinks for a second."""
    draw = random.Random(seed)
    with httpx.Client(base_url=origin, cookies=cookies, timeout=120) as client:
        time.sleep(draw.random())
        while not is_over():
            person = draw.choice(people)
            name, path, params = draw.choice(questions(person, draw))
            at, start = time.time(), time.perf_counter()
            answer = client.get(path, params=params)
            took = (time.perf_counter() - start) * 1000
            if answer.status_code not in (200, 303):
                asked.wrong.append(f"{answer.status_code} {path}")
            asked.times.setdefault(name, []).append((at, took))
            if draw.random() < 0.1:
                asked.wrong += torn(client, person)
            time.sleep(1)


def questions(person: dict, draw: random.Random) -> list[tuple[str, str, dict[str, str]]]:
    """What a client may ask next."""
    name, email = str(person["name"]), str(person["values"].get("email") or "nobody")
    texts = (
        email,
        name,
        name.split(maxsplit=1)[0][:5],
        name.rsplit(maxsplit=1)[-1].lower(),
        str(person["values"].get("user_id") or 1),
    )
    sort = draw.choice(("", "name", "-number_of_orders", "-most_recent_event"))
    return [
        ("overview", "/", {}),
        ("list", "/entities/contact", {"sort": sort}),
        ("search", "/search", {"q": draw.choice(texts)}),
        ("person", f"/entities/contact/{person['entity_id']}", {}),
    ]


def torn(client: httpx.Client, person: dict) -> list[str]:
    """What does not fit together in the answer about a person."""
    answer = client.get(f"/entities/contact/{person['entity_id']}.json")
    if answer.status_code != 200:
        return [] if answer.status_code == 308 else [f"{answer.status_code} at {person['entity_id']}"]
    data = answer.json()["data"]
    values = {trait["name"]: trait["value"] for group in data["traits"] for trait in group["traits"]}
    deals = sum(kind["count"] for kind in data["kinds"] if kind["activity"] == "deal_won")
    whole = sum(kind["count"] for kind in data["kinds"])
    if "number_of_events" in values and values["number_of_events"] != whole - deals:
        return [f"torn: {person['entity_id']} {values['number_of_events']} {whole - deals}"]
    return []


def ask(origin: str, cookies: dict[str, str], people: list[dict], clients: int, is_over: Callable[[], bool]) -> Asked:
    """Let the clients ask until it is over."""
    asked = Asked()
    threads = [
        threading.Thread(target=visit, args=(asked, origin, cookies, people, is_over, seed)) for seed in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


def after(seconds: float) -> Callable[[], bool]:
    """Whether some time has gone by."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() > until


def ordinary() -> None:
    """Give a new process the lowest ordinary priority but one, also where this one has a real-time priority."""
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(max(0, low_priority - os.nice(0)))


def ask_during_a_run(options: argparse.Namespace, folder: Path, *served: Any) -> None:
    """Ask from the beginning of a run until half a minute after it has published, or until `--longest` is over."""
    command = [*c360, "run", "--full-refresh", "--quiet", "--project", str(folder)]
    started, longest, ended = time.time(), after(options.longest), list[float]()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=ordinary) as process:  # noqa: PLW1509

        def is_over() -> bool:
            if process.poll() is not None and not ended:
                ended.append(time.monotonic())
            return longest() or bool(ended and time.monotonic() > ended[0] + published_seconds)

        asked = ask(*served, options.clients, is_over)
        show(f"while a run computes everything anew ({time.time() - started:.0f} s)", asked)
        if ended:
            moment = (folder / ".c360" / "published" / "CURRENT").stat().st_mtime
            around = asked.rows(moment - published_seconds, moment + published_seconds)
            print(f"\n{published_seconds} s before and after it published")
            print(table(heads, around), flush=True)
        else:
            print("the run goes on; nothing was published")
            process.terminate()


def show(title: str, asked: Asked) -> None:
    """Print what was measured."""
    print(f"\n{title}; load {os.getloadavg()[0]:.1f}")
    print(table(heads, asked.rows()))
    print(f"wrong answers: {asked.wrong[:5] or 'none'}", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--longest", type=float, default=420, help="seconds after which a run is not waited for")
    parser.add_argument("--folder", type=Path, help="where the project is kept; made when it is not there")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    try:
        make(folder, options.people, options.events)
        with serving(folder) as (origin, cookies):
            people = known_people(origin, cookies)
            ask(origin, cookies, people, options.clients, after(5))
            asked = ask(origin, cookies, people, options.clients, after(options.seconds))
            show("nothing else happens", asked)
            if options.longest:
                ask_during_a_run(options, folder, origin, cookies, people)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
