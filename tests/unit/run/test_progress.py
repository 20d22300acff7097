import io

from kommres.run.progress import lines, shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_lines_come_every_few_seconds_and_at_the_end():
    times = iter([0.0, 1.0, 6.0, 7.0, 8.0, 9.0])
    stream = io.StringIO()
    show = lines(stream, seconds=5, clock=lambda: next(times))
    show(1, 10, 0)
    show(6, 10, 2)
    show(7, 10, 2)
    show(10, 10, 2)
    show(10, 10, 2)
    assert stream.getvalue() == "6 of 10 accounts, 2 in quarantine, 6 s\n10 of 10 accounts, 2 in quarantine, 8 s\n"


def test_a_bar_on_a_terminal():
    stream = Terminal()
    with shown(stream) as show:
        show(5, 10, 1)
    assert "in quarantine" in stream.getvalue()


def test_plain_lines_elsewhere_and_silence():
    stream = io.StringIO()
    with shown(stream) as show:
        show(10, 10, 0)
    assert stream.getvalue() == "10 of 10 accounts, 0 s\n"
    with shown(Terminal(), quiet=True) as show:
        show(10, 10, 0)
