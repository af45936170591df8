"""A host for one analytic: `python host.py an1276.wasm auth.log`. Its only dependency is PyPI's `wasmtime`."""

import json
import os
import sys
import time
from types import SimpleNamespace

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Variant

module, log = sys.argv[1:]
engine = Engine()
store = Store(engine)
# The linker is empty, so a component that imports anything is refused here.
instance = Linker(engine).instantiate(store, Component.from_file(engine, module))
contract = instance.get_export_index(store, "authsieve:analytic/analytic@0.2.0")


def call(name, *arguments):
    index = instance.get_export_index(store, name, contract)
    return instance.get_func(store, index)(store, *arguments)


def show(alerts):
    for alert in alerts:
        # A title may contain a name that an attacker chose, so it is escaped for the terminal.
        print(f"{log}:{alert.record}", alert.pattern, json.dumps(alert.title))


# The empty configuration means the defaults. The seed should be random.
detector = call("[static]detector.create", "", int.from_bytes(os.urandom(8), "little"))
if isinstance(detector, Variant):
    sys.exit(f"{detector.tag}: {detector.payload}")
# Record numbers count over the whole input, so an alert names the line that raised it.
reading = SimpleNamespace(received=time.time_ns() // 1000, written=os.stat(log).st_mtime_ns // 1000, first=1)
with open(log, "rb") as file:
    while lines := file.readlines(64 << 10):
        show(call("[method]detector.process", detector, b"".join(lines), reading))
        reading.first += len(lines)
show(call("[method]detector.flush", detector))
