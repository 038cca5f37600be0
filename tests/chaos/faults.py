"""The table of faults: what is done, what has to hold, and the function that does it and looks."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from tests.chaos import clocks, disks, indexes, killed_workers, servers, twenty
from tests.chaos.form import Form, Outcome


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault."""

    title: str
    done: str
    holds: str
    carry: Callable[[Form], Outcome]
    in_short_form: bool = False
    """`make test` tries it too, with fewer repeats."""


SAME_END = "It is taken up by itself and ends bit-identical to the undisturbed run."

FAULTS: MappingProxyType[str, Fault] = MappingProxyType(
    {
        "worker-by-the-clock": Fault(
            title="Worker killed, any time",
            done="`kill -9` at moments drawn evenly from the life of the run, starting and scoring included",
            holds=SAME_END,
            carry=killed_workers.by_the_clock,
        ),
        "worker-after-a-step": Fault(
            title="Worker killed, any step",
            done="`kill -9` right after steps drawn evenly from all steps",
            holds=SAME_END,
            carry=killed_workers.after_a_step,
        ),
        "worker-inside-saving": Fault(
            title="Worker killed inside saving",
            done="`kill -9` with a checkpoint, the best weights, the model or the report half written, synced, or just renamed",
            holds=SAME_END,
            carry=killed_workers.inside_saving,
            in_short_form=True,
        ),
        "worker-in-two-phases": Fault(
            title="Worker killed, two phases",
            done="`kill -9` in feature extraction and fine-tuning of EfficientNet-Lite0, and while its results are saved",
            holds=SAME_END,
            carry=killed_workers.in_two_phases,
        ),
        "worker-and-keeper": Fault(
            title="Worker and its keeper killed",
            done="`kill -9` of the whole process group, so that nobody is left to tell",
            holds="The server notices within 15 s, and the run is taken up by itself.",
            carry=servers.worker_and_keeper_killed,
        ),
        "server-killed": Fault(
            title="Server killed",
            done="`kill -9` of the server that started a run, then a new server",
            holds="The worker goes on; a page of the new server shows it within 5 s of its start.",
            carry=servers.killed,
            in_short_form=True,
        ),
        "server-interrupted": Fault(
            title="Ctrl-C",
            done="SIGINT to the whole process group of the server, then a new server",
            holds="As above.",
            carry=servers.interrupted,
        ),
        "server-hung-up": Fault(
            title="Terminal closed",
            done="SIGHUP to the whole process group of the server, then a new server",
            holds="As above.",
            carry=servers.hung_up,
        ),
        "server-terminated": Fault(
            title="Server asked to end",
            done="SIGTERM to the server, then a new server",
            holds="As above.",
            carry=servers.terminated,
        ),
        "two-servers": Fault(
            title="Two servers",
            done="Two servers, and further processes that only move the queue, on one workspace",
            holds="Each run is started once; never more at a time than there are slots.",
            carry=servers.two_servers,
            in_short_form=True,
        ),
        "disk-full": Fault(
            title="Disk full",
            done="A small disk is filled to the last byte while a run is under way; later there is room",
            holds="A sentence; every page draws; nothing is started before there is room; then as above, bit-identical.",
            carry=disks.full,
            in_short_form=True,
        ),
        "disk-full-for-a-moment": Fault(
            title="Disk full for a moment",
            done="Writing fails at a checkpoint, at the model and at the report, with and without room for a last word",
            holds=SAME_END,
            carry=disks.full_for_a_moment,
        ),
        "read-only": Fault(
            title="Workspace read-only",
            done="The workspace can only be read while a run is under way; later it can be written",
            holds="Whatever writes is refused with a sentence; every page draws; no file changes; the run goes on later, bit-identical.",
            carry=disks.read_only_workspace,
            in_short_form=True,
        ),
        "checkpoint-damaged": Fault(
            title="Checkpoint damaged",
            done="After a kill the newest checkpoint has another byte, is cut short, or misses a part; then both",
            holds="The one before it is used, or the run starts again; it says so and ends bit-identical.",
            carry=disks.damaged_checkpoint,
            in_short_form=True,
        ),
        "index-damaged": Fault(
            title="Index damaged",
            done="The index is garbage, cut short, gone, empty or another program's while two processes read it",
            holds="It is made again from the runs at once; no reading fails.",
            carry=indexes.damaged,
            in_short_form=True,
        ),
        "index-eight-writers": Fault(
            title="Eight writers",
            done="Eight processes change, make and delete runs and write the index at once; two more read it",
            holds="No lost update, nothing 'locked'; each finds at once what it wrote.",
            carry=indexes.eight_writers,
            in_short_form=True,
        ),
        "clock-in-training": Fault(
            title="Clock set back in training",
            done="A worker's clock goes back a day; ten steps later it is killed, and taken up in yesterday",
            holds=f"{SAME_END} No time in it is negative.",
            carry=clocks.set_back_while_training,
        ),
        "clock-in-the-queue": Fault(
            title="Clock set back between runs",
            done="Runs are queued before and after the clock goes back a day",
            holds="Each starts once, in the order they came.",
            carry=clocks.set_back_with_a_queue,
            in_short_form=True,
        ),
        "twenty-runs": Fault(
            title="Twenty runs",
            done="Twenty runs queued, three cancelled, two killed, and the machine restarted once",
            holds="All others finish, in order; those that were disturbed are taken up by themselves.",
            carry=twenty.twenty_runs,
            in_short_form=True,
        ),
    }
)
