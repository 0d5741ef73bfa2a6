"""Run by gdb: in each state steps through outer(), and prints the names of all frames each time."""

import gdb


def names():
    frame = gdb.newest_frame()
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            yield frame.name() or "?"
        frame = frame.older()


def walk():
    while True:
        chain = list(names())
        if chain[0] == "in_state":
            return
        print(f"walked {gdb.newest_frame().pc():x} {' '.join(chain)}")
        gdb.execute("stepi", to_string=True)


gdb.execute("set confirm off")
gdb.execute("set width 0")
gdb.execute("set debuginfod enabled off")
gdb.Breakpoint("in_state", temporary=False)
gdb.Breakpoint("outer")
gdb.execute("run > /dev/null", to_string=True)  # its lines would land within ours
while gdb.selected_inferior().pid:
    name = gdb.newest_frame().name()
    if name == "in_state":
        print("walked state " + gdb.newest_frame().read_var("state").string())
    elif name == "outer":
        walk()
    gdb.execute("continue", to_string=True)
