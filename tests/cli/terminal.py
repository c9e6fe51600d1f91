#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py PROGRAM SOURCE: what a person sees. A small terminal plays what the program writes, so
that a block which is not taken back whole shows."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from tap import PROGRAM, claim, collect, main

SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])")
WATCHED = ["up", "--yes", "--clock", "scaled", "--speed", "1500", "spec.yaml"]


class Screen:
    """Lines as they stand at last, of a terminal that wraps and never scrolls away."""

    def __init__(self, width):
        self.width = width
        self.lines = [""]
        self.row = self.column = 0
        self.frames = 0
        self.unknown = []

    def put(self, char):
        if self.column == self.width:
            self.row, self.column = self.row + 1, 0
        while self.row >= len(self.lines):
            self.lines.append("")
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + char + line[self.column + 1:]
        self.column += 1

    def control(self, number, letter):
        if letter == "A":
            self.row = max(0, self.row - int(number or 1))
        elif letter == "J":
            self.lines = self.lines[:self.row] + [self.lines[self.row][:self.column] if self.row < len(self.lines) else ""]
            self.frames += 1
        elif letter != "m":
            self.unknown.append(letter)

    def play(self, text):
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                self.control(*found.groups())
                at = found.end()
                continue
            char = text[at]
            at += 1
            if char == "\n":
                self.row += 1
                while self.row >= len(self.lines):
                    self.lines.append("")
            elif char == "\r":
                self.column = 0
            else:
                self.put(char)
        return self


def watch(place, words, width=80, height=24, typed="", interrupt_after=None, **variables):
    """Runs on a terminal of its own; returns the status, the screen and all that was written."""
    environment = {**os.environ, "TERM": "xterm-256color", **variables}
    environment.pop("NO_COLOR", None) if "NO_COLOR" not in variables else None
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(place.folder)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        os.execve(PROGRAM, [PROGRAM, *words], environment)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    if typed:
        os.write(fd, typed.encode())
    written = b""
    start = time.monotonic()
    while time.monotonic() - start < 60:
        if interrupt_after is not None and time.monotonic() - start > interrupt_after:
            os.kill(pid, signal.SIGINT)
            interrupt_after = None
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        try:
            more = os.read(fd, 65536)
        except OSError: # the other side has closed
            break
        if not more:
            break
        written += more
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = written.decode()
    return status, Screen(width).play(text), text


def summary_of(screen):
    (first,) = [i for i, line in enumerate(screen.lines) if "stands on the embedded" in line]
    return screen.lines[first:]


@claim
def progress_is_redrawn_in_place_and_leaves_nothing_behind(place):
    for width in [60, 80, 200]:
        place.spec(hosts=20)
        status, screen, text = watch(place, WATCHED, width=width)
        assert status == 0 and screen.frames > 5 and not screen.unknown, (width, status, screen.frames)
        assert "left" in text and ("█" in text or width == 60) and " more" in text, text[-2000:]
        shown = "\n".join(screen.lines)
        assert "█" not in shown and "about 0 s left" not in shown and "\x1b" not in shown, shown[-3000:]
        place.up(verb="destroy").works()


@claim
def the_end_is_a_summary_that_fits_a_screen(place):
    place.spec(hosts=20)
    status, screen, _ = watch(place, WATCHED)
    summary = summary_of(screen)
    assert status == 0 and len(summary) <= 20 and all(len(line) <= 80 for line in summary), summary
    shown = "\n".join(summary)
    for word in ["resources", "audit", "price", "$3,077 a month", "report", "next: redoubt status spec.yaml"]:
        assert word in shown, summary
    assert not [line for line in summary if len(line) == 80], "a line was wrapped"


@claim
def many_hosts_are_one_line_of_a_plan(place):
    place.spec(hosts=200)
    told = place.run("plan", "spec.yaml").works("200 x virtual machine cui-01 .. cui-200")
    assert told.out.count("\n") < 120, told.out.count("\n")
    assert all(len(line) <= 80 for line in told.out.splitlines())


@claim
def durations_are_not_broken(place):
    place.spec(hosts=20)
    told = place.run("plan", "spec.yaml").works()
    assert re.search(r"(?m)\babout [0-9a-z ]*\d+ (s|min|h)$", told.out.rstrip().splitlines()[-1]), told.out[-200:]


@claim
def colours_are_for_terminals_that_want_them(place):
    place.spec()
    plan = ["plan", "spec.yaml"]
    assert "\x1b[" in watch(place, plan)[2]
    assert "\x1b[" not in watch(place, plan, NO_COLOR="1")[2]
    assert "\x1b[" not in watch(place, plan, TERM="dumb")[2]
    assert "\x1b[" not in watch(place, ["plan", "--color=never", "spec.yaml"])[2]
    assert "\x1b[" not in place.run(*plan).out
    assert "\x1b[" in place.run("plan", "--color=always", "spec.yaml").out


@claim
def dumb_and_narrow_terminals_get_plain_lines(place):
    for variables in [{"TERM": "dumb"}, {"width": 30}]:
        place.spec()
        width = variables.pop("width", 80)
        status, screen, text = watch(place, WATCHED, width=width, **variables)
        assert status == 0 and screen.frames == 0 and "█" not in text and "done    virtual machine" in text
        place.up(verb="destroy").works()


@claim
def errors_are_folded_at_the_terminal_s_width_and_nowhere_else(place):
    place.spec()
    wrong = ("plan", "--fault", "capacity:size=Standard_D64as_v99", "spec.yaml")
    (whole, hint) = place.run(*wrong).fails(3, "can never strike", "hint: ").err.splitlines()
    assert len(whole) > 80, "a longer one is needed to show it"
    for width in (44, 80, 200):
        status, screen, text = watch(place, wrong, width=width)
        lines = text.replace("\r", "").splitlines()
        assert status == 3 and all(len(line) <= width for line in lines), lines
        assert lines[0].startswith("redoubt: ") and len(lines) == len([line for line in screen.lines if line]), lines
        assert (len(lines) == 2) == (width == 200), lines
        folded = [line for line in lines if not line.startswith(("redoubt: ", "  hint: "))]
        assert all(line.startswith("        ") for line in folded), lines
        assert " ".join(" ".join(lines).split()) == " ".join(f"{whole} {hint}".split()), lines


@claim
def lines_name_the_machine_and_the_friendly_part_of_a_backup_item(place):
    place.spec()
    told = place.run("up", "--yes", "--clock", "virtual", "spec.yaml").works()
    assert "done    VM extension GuestAttestation on cui-01 (" in told.err, told
    assert "done    backup item cui-01 (" in told.err and "iaasvmcontainer" not in told.err, told


@claim
def yes_or_the_name_must_be_typed(place):
    place.spec()
    status, _, text = watch(place, ["up", "--clock", "virtual", "spec.yaml"], typed="no\n")
    assert status == 10 and "nothing was changed: 'yes' was not typed" in text, text[-500:]
    assert watch(place, ["up", "--clock", "virtual", "spec.yaml"], typed="yes\n")[0] == 0
    for typed in ["yes\n", "contoso\n", "\n"]:
        status, _, text = watch(place, ["destroy", "--clock", "virtual", "spec.yaml"], typed=typed)
        assert status == 10 and "'contoso-cui' was not typed" in text, text[-500:]
    place.is_settled()
    assert watch(place, ["destroy", "--clock", "virtual", "spec.yaml"], typed="contoso-cui\n")[0] == 0


@claim
def an_interrupt_says_that_it_stops(place):
    place.spec()
    status, screen, text = watch(place, [*WATCHED[:5], "300", "spec.yaml"], interrupt_after=0.8)
    assert status == 11 and "stopping: what is under way comes to its end" in text, text[-800:]
    shown = "\n".join(screen.lines)
    assert "█" not in shown and "redoubt: stopped with" in shown and "stopping:" not in shown, shown[-800:]


main(collect(globals()))
