"""A kernel from the cache is the kernel that would be compiled now, or it is compiled now."""

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kommres.dsl.backends.kernels import cache, lowering, origins, store
from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
from kommres.dsl.backends.kernels.store import KernelWarning, Limits, Store, default_store

DOUBLED = """
def doubled(cells, out):
    for i in range(out.size):
        out[i] = cells[i] * 2
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    """Each test has its own cache and hears its own warnings."""
    monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr(store, "_complained", set())


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kernels"


def doubles(kernel, dtype=np.int64):
    out = np.zeros(3, np.int64)
    kernel(np.array([1, 2, 3], dtype), out)
    return out.tolist() == [2, 4, 6]


@pytest.fixture
def compilations(monkeypatch):
    """Return what was compiled since the test began."""
    seen = []
    real = lowering.machine_code
    monkeypatch.setattr(lowering, "machine_code", lambda *args, **how: seen.append(args) or real(*args, **how))
    return seen


def forget():
    """Forget all kernels of this process, as the next process would."""
    gc.collect()
    cache._known.clear()


def forget_origins():
    origins._origin.cache_clear()
    origins._followed.cache_clear()


def python(script, **env):
    """Run a script in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestKernel:
    def test_takes_arrays_of_any_type_and_shape_and_numbers(self):
        text = """
def total(flags, narrow, wide, grid, shares, times):
    found = 0
    for i in range(wide.size):
        for j in range(narrow.size):
            found += grid[i, j] * times * flags[i] + narrow[j] + wide[i]
    shares[0] = 0.5
    return found
"""
        shares = np.zeros(1)
        grid = np.arange(6, dtype=np.int16).reshape(2, 3)
        wide = np.array([2**40, -(2**40)])
        result = compiled(text, "total")(
            np.array([1, 1], np.uint8), np.array([1, -1, 2], np.int8), wide, grid, shares, -10
        )
        assert (result, shares[0]) == (-10 * 15 + 2 * 2, 0.5)

    def test_is_compiled_for_each_set_of_types(self, compilations, folder):
        kernel = compiled(DOUBLED, "doubled")
        for _ in range(2):
            for dtype in (np.int8, np.int64):
                assert doubles(kernel, dtype)
        assert len(compilations) == len(Store(folder).entries()) == 2

    def test_functions_of_a_text_call_each_other(self):
        text = "def inner(a):\n    return a + 1\n\ndef outer(a):\n    return inner(inner(a))\n"
        assert compiled(text, "outer")(5) == 7

    def test_nothing_returned_is_nought(self):
        assert compiled("def f(a):\n    a[0] = 7\n", "f")(np.zeros(1)) == 0

    def test_empty_and_read_only_arrays(self):
        cells = np.array([4, 5])
        cells.flags.writeable = False
        out = np.zeros(2, np.int64)
        kernel = compiled(DOUBLED, "doubled")
        kernel(cells, out)
        kernel(cells[:0], out[:0])
        assert out.tolist() == [8, 10]

    def test_many_columns_are_read_and_written_row_by_row(self):
        names = [f"o{i}" for i in range(40)]
        body = "".join(f"        {name}[i] = a[i] + {i}\n" for i, name in enumerate(names))
        kernel = compiled(f"def f(a, {', '.join(names)}):\n    for i in range(a.size):\n{body}", "f")
        columns = [np.zeros(1000, np.int32) for _ in names]
        kernel(np.arange(1000), *columns)
        assert all((column == np.arange(1000) + i).all() for i, column in enumerate(columns))

    def test_zeros_and_copies_use_what_the_process_has(self):
        loop = "    for i in range(a.size):\n        "
        text = f"def f(a, b):\n{loop}a[i] = 0\n{loop}b[i] = a[i]\n"
        a, b = np.ones(5000), np.ones(5000)
        compiled(text, "f")(a, b)
        assert not a.any()
        assert not b.any()

    @pytest.mark.parametrize("wrong", [np.arange(6)[::2], np.zeros((2, 2)).T, "text", 1.5, None])
    def test_other_arguments_are_refused(self, wrong):
        with pytest.raises(TypeError):
            compiled(DOUBLED, "doubled")(wrong, np.zeros(3, np.int64))

    def test_a_number_that_is_too_wide_is_refused(self):
        with pytest.raises(OverflowError):
            compiled("def f(a):\n    return a\n", "f")(2**63)

    @pytest.mark.parametrize("body", ["return sum([x for x in a])", "return a.nothing"])
    def test_what_is_not_flat_has_no_machine_code(self, folder, body):
        kernel = compiled(f"def f(a):\n    {body}\n", "f")
        for _ in range(2):
            with pytest.raises(NotLowered, match="no machine code for f"):
                kernel(np.array([1, 2, 3]))
        assert not folder.exists()

    def test_equal_texts_are_one_kernel(self):
        assert compiled(DOUBLED, "doubled") is compiled(DOUBLED, "doubled")
        assert compiled(DOUBLED, "doubled") is not compiled(DOUBLED, "doubled", salt=["other"])

    def test_kernels_leave_when_nobody_needs_them(self):
        kernel = compiled(DOUBLED + "# only here\n", "doubled")
        assert doubles(kernel)
        del kernel
        gc.collect()
        assert not any("only here" in each.text for each in cache._known.values())


class TestReuse:
    def test_a_later_process_needs_no_compiler(self):
        text = f"from kommres.dsl.backends.kernels.moving import same_quotient\n{DOUBLED}"
        script = f"""
            import sys
            import numpy as np
            from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
            out = np.zeros(3, np.int64)
            compiled({text!r}, "doubled")(np.array([1, 2, 3]), out)
            last = "kommres.dsl.backends.kernels."
            print(out.tolist(), [name in sys.modules for name in ("numba", last + "lowering", last + "moving")])
        """
        assert python(script) == "[2, 4, 6] [False, True, True]"
        assert python(script) == "[2, 4, 6] [False, False, False]"

    def test_salt_text_and_types_are_told_apart(self, compilations):
        for salt in ("a", "b"):
            for text in (DOUBLED, DOUBLED.replace("* 2", "+ cells[i]")):
                for dtype in (np.int8, np.int16):
                    assert doubles(compiled(text, "doubled", salt=[salt]), dtype)
        assert len(compilations) == 8
        forget()
        assert doubles(compiled(DOUBLED, "doubled", salt=["b"]), np.int8)
        assert len(compilations) == 8

    def test_whatever_surrounds_a_kernel_is_part_of_its_key(self, monkeypatch, compilations):
        assert doubles(compiled(DOUBLED, "doubled"))
        facts = cache._surroundings()
        assert set(facts) >= {"python", "llvmlite", "numpy", "platform", "processor", "features"}
        for name in facts:
            forget()
            monkeypatch.setattr(cache, "_surroundings", lambda name=name: {**facts, name: "another"})
            before = len(compilations)
            assert doubles(compiled(DOUBLED, "doubled"))
            assert len(compilations) == before + 1

    def test_sent_to_another_process(self):
        kernel = compiled(DOUBLED, "doubled", salt=["x"])
        again = pickle.loads(pickle.dumps(kernel))
        assert again is kernel
        assert doubles(kernel)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(doubles, [kernel])

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_forked_processes_go_on(self):
        kernel = compiled(DOUBLED, "doubled")
        assert doubles(kernel)
        busy = threading.Thread(target=lambda: doubles(compiled(DOUBLED + "# busy\n", "doubled")))
        busy.start()
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(doubles, [kernel, compiled(DOUBLED + "# new\n", "doubled")]) == [True, True]
        busy.join()

    def test_threads_that_ask_at_once_compile_once(self, compilations):
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: doubles(compiled(DOUBLED, "doubled")), range(16)))
        assert len(compilations) == 1

    def test_several_are_prepared_at_once(self, compilations):
        kernels = [compiled(DOUBLED + f"# {number}\n", "doubled") for number in range(5)]
        calls = [(kernel, [np.array([1]), np.zeros(1, np.int64)]) for kernel in kernels]
        prepare(calls)
        assert len(compilations) == 5
        assert all(kernel.ready for kernel in kernels)
        assert not compiled(DOUBLED + "# 5\n", "doubled").ready
        prepare(calls)
        assert all(doubles(kernel) for kernel in kernels)
        assert len(compilations) == 5

    def test_a_call_says_what_could_not_be_prepared(self):
        kernel = compiled("def f(a):\n    a = [1]\n", "f")
        prepare([(kernel, [1])])
        with pytest.raises(NotLowered):
            kernel(1)

    @pytest.mark.parametrize("more", [0, 700])
    def test_long_texts_do_the_same(self, more):
        """Long ones get fewer passes of LLVM."""
        lines = "".join(f"        if x > {n}:\n            x = x - {n}\n" for n in range(1, more // 2))
        text = f"def f(cells, out):\n    for i in range(out.size):\n        x = cells[i]\n{lines}        out[i] = x\n"
        cells = np.arange(-5, 2000, 37)
        out = np.zeros_like(cells)
        compiled(text, "f")(cells, out)
        expected = cells.copy()
        for n in range(1, more // 2):
            expected[expected > n] -= n
        assert out.tolist() == expected.tolist()

    def test_processes_that_compile_at_once(self, folder):
        script = f"""
            import numpy as np
            from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
            out = np.zeros(3, np.int64)
            compiled({DOUBLED!r}, "doubled")(np.array([1, 2, 3]), out)
            print(out.tolist())
        """
        with ThreadPoolExecutor(3) as pool:
            assert set(pool.map(lambda _: python(script), range(3))) == {"[2, 4, 6]"}
        assert [path.suffix for path in folder.iterdir()] == [".kernel"]


FAR = """
from kommres.dsl.backends.kernels.emit import I64, INT, helper

step = helper("step", INT, (INT,), lambda build, a: build.add(a, I64(10)))
"""


class TestHelpers:
    """What a text imports is part of its key, however far away."""

    @pytest.fixture
    def package(self, tmp_path):
        package = tmp_path / "texts" / "helping"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "near.py").write_text("from .far import step\n\ndef near(a):\n    return step(a) + 1\n")
        (package / "far.py").write_text(FAR)
        return package

    TEXT = "from helping.far import step\nfrom helping.near import near\n\ndef f(a):\n    return near(a)\n"

    def answer(self, package):
        script = f"""
            from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
            print(compiled({self.TEXT!r}, "f")(1))
        """
        return python(script, **self.finding(package))

    def finding(self, package):
        paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
        return {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONDONTWRITEBYTECODE": "1"}

    def test_an_edited_helper_is_never_stale(self, package, folder):
        assert self.answer(package) == "12"
        facts = (package / "far.py").stat()
        (package / "far.py").write_text(FAR.replace("10", "20"))
        os.utime(package / "far.py", ns=(facts.st_atime_ns, facts.st_mtime_ns))  # stamps tell nothing
        assert self.answer(package) == "22"
        (package / "near.py").write_text((package / "near.py").read_text().replace("+ 1", "- 1"))
        assert self.answer(package) == "20"
        assert len(Store(folder).entries()) == 3
        (package / "near.py").write_text((package / "near.py").read_text().replace("- 1", "+ 1"))
        assert self.answer(package) == "22"
        assert len(Store(folder).entries()) == 3

    def test_a_helper_edited_under_a_running_process_is_not_kept(self, package, folder):
        script = f"""
            import pathlib, time, warnings
            from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
            from kommres.dsl.backends.kernels.store import KernelWarning
            import helping.near
            time.sleep(0.05)
            pathlib.Path(helping.far.__file__).write_text({FAR.replace("10", "30")!r})
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                print(compiled({self.TEXT!r}, "f")(1), [w.category is KernelWarning for w in said])
        """
        assert python(script, **self.finding(package)) == "12 [True]"
        assert Store(folder).entries() == []
        assert self.answer(package) == "32"

    def test_a_helper_edited_while_it_is_compiled_is_not_kept(self, package, folder, monkeypatch):
        monkeypatch.syspath_prepend(str(package.parent))
        real = lowering.machine_code

        def edited_meanwhile(*args, **how):
            code = real(*args, **how)
            (package / "far.py").write_text(FAR.replace("10", "30"))
            return code

        monkeypatch.setattr(lowering, "machine_code", edited_meanwhile)
        try:
            with pytest.warns(KernelWarning, match=r"helping\.far changed"):
                assert compiled(self.TEXT, "f")(1) == 12
        finally:
            for name in ("helping", "helping.near", "helping.far"):
                sys.modules.pop(name, None)
            forget_origins()
        assert Store(folder).entries() == []

    def test_what_makes_kernels_is_part_of_every_key(self):
        names = {origin.name.rpartition(".")[2] for origin in compiled(DOUBLED, "doubled").origins}
        assert names >= {"cache", "emit", "lowering", "loading"}

    def test_imports_of_helpers_are_followed(self, package, monkeypatch):
        monkeypatch.syspath_prepend(str(package.parent))
        texts = {origin.name: origin for origin in origins.origins("import helping.near\n\ndef f():\n    pass\n")}
        forget_origins()
        assert set(texts) >= {"helping.far", "helping.near", "kommres.dsl.backends.kernels.emit"}
        assert "helping" not in sys.modules
        assert all(origin.current for origin in texts.values())

    def test_helpers_of_this_package_are_followed(self):
        text = "from kommres.dsl.backends.kernels.batch import OPEN\n\ndef f():\n    return OPEN\n"
        names = {origin.name for origin in origins.origins(text)}
        assert {"kommres.dsl.backends.kernels.batch", "kommres.dsl.backends.rows"} <= names
        assert not any(name.partition(".")[0] in {"numpy", "numba", "sys"} for name in names)


class TestFolder:
    def test_is_private(self, folder):
        assert doubles(compiled(DOUBLED, "doubled"))
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [entry.path.stat().st_mode & 0o077 for entry in Store(folder).entries()] == [0]

    @pytest.mark.parametrize("what", ["folder", "file"])
    @pytest.mark.parametrize("how", ["writable", "foreign"])
    def test_what_others_may_have_written_is_not_run(self, folder, what, how, monkeypatch, compilations):
        assert doubles(compiled(DOUBLED, "doubled"))
        path = folder if what == "folder" else Store(folder).entries()[0].path
        if how == "writable":
            path.chmod(0o777)
        elif os.geteuid() == 0:
            os.chown(path, 12345, -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: 12345)
        forget()
        if what == "folder":
            said = "other users may write there" if how == "writable" else "it belongs to another user"
            with pytest.warns(KernelWarning, match=said):
                assert doubles(compiled(DOUBLED, "doubled"))
        elif how == "writable" or os.geteuid() == 0:
            assert doubles(compiled(DOUBLED, "doubled"))
        assert len(compilations) == 2 or how == "foreign"

    def test_a_link_is_not_followed(self, folder, tmp_path, compilations):
        assert doubles(compiled(DOUBLED, "doubled"))
        path = Store(folder).entries()[0].path
        path.symlink_to(path.rename(tmp_path / "elsewhere"))
        forget()
        assert doubles(compiled(DOUBLED, "doubled"))
        assert len(compilations) == 2
        assert not path.is_symlink()

    @pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "garbage", "renamed", "folder", "old"])
    def test_damaged_entries_are_compiled_again(self, folder, damage, compilations):
        assert doubles(compiled(DOUBLED, "doubled"))
        path = Store(folder).entries()[0].path
        content = bytearray(path.read_bytes())
        if damage == "cut":
            path.write_bytes(content[:-10])
        elif damage == "empty":
            path.write_bytes(b"")
        elif damage == "flipped":
            content[-100] ^= 1
            path.write_bytes(content)
        elif damage == "garbage":
            path.write_bytes(os.urandom(5000))
        elif damage == "old":
            path.write_bytes(content.replace(b"kommres kernel 1", b"kommres kernel 0"))
        elif damage == "folder":
            path.unlink()
            path.mkdir()
        else:
            tripled = compiled(DOUBLED.replace("* 2", "* 3"), "doubled")
            assert not doubles(tripled)
            other = next(entry.path for entry in Store(folder).entries() if entry.path != path)
            path.write_bytes(other.read_bytes())
        forget()
        before = len(compilations)
        if damage == "folder":
            with pytest.warns(KernelWarning, match="Is a directory"):
                assert doubles(compiled(DOUBLED, "doubled"))
        else:
            assert doubles(compiled(DOUBLED, "doubled"))
            forget()
            assert doubles(compiled(DOUBLED, "doubled"))
        assert len(compilations) == before + 1

    def test_whole_entries_that_cannot_be_linked_are_compiled_again(self, folder, monkeypatch, compilations):
        def needing(name):
            import llvmlite.binding as llvm

            from kommres.dsl.backends.kernels.loading import ENTRY, target

            return target().emit_object(
                llvm.parse_assembly(
                    f"declare i64 @{name}()\ndefine i64 @{ENTRY}(i64 %a) {{\n %r = call i64 @{name}()\n ret i64 %r\n}}"
                )
            )

        for code in (b"no object file", needing("kommres_nowhere")):
            kernel = compiled(DOUBLED, "doubled")
            key = kernel._key(((np.dtype(np.int64), 1),) * 2)
            Store(folder).write(key, code, {})
            before = len(compilations)
            assert doubles(kernel)
            assert len(compilations) == before + 1
            del kernel
            forget()

    def test_where_nothing_can_be_written(self, tmp_path, monkeypatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path / "file" / "kernels"))
        with pytest.warns(KernelWarning, match="KOMMRES_CACHE") as said:
            assert all(doubles(compiled(DOUBLED, "doubled"), dtype) for dtype in (np.int64, np.int8))
        assert len(said) == 1

    def test_a_full_disk(self, folder):
        script = f"""
            import resource, warnings
            import numpy as np
            from kommres.dsl.backends.kernels.cache import NotLowered, compiled, prepare
            out = np.zeros(3, np.int64)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                compiled({DOUBLED!r}, "doubled")(np.array([1, 2, 3]), out)
            print(out.tolist(), [w.category.__name__ for w in said])
        """
        assert python(script, PYTHONDONTWRITEBYTECODE="1") == "[2, 4, 6] ['KernelWarning']"
        assert list(folder.iterdir()) == []

    def test_where_it_is(self, tmp_path, monkeypatch):
        monkeypatch.setenv("KOMMRES_CACHE", str(tmp_path))
        assert default_store().folder == tmp_path
        for nowhere in ("", "off"):
            monkeypatch.setenv("KOMMRES_CACHE", nowhere)
            assert default_store() is None
        monkeypatch.setenv("KOMMRES_CACHE", "near/here")
        with pytest.warns(KernelWarning, match="no absolute path"):
            assert default_store() is None
        monkeypatch.delenv("KOMMRES_CACHE")
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert default_store().folder == tmp_path / ".cache" / "kommres" / "kernels"
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert default_store().folder == tmp_path / "xdg" / "kommres" / "kernels"
        monkeypatch.setattr(sys, "platform", "darwin")
        assert default_store().folder == tmp_path / "Library" / "Caches" / "kommres" / "kernels"
        monkeypatch.setattr(sys, "platform", "win32")
        monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
        assert default_store().folder == tmp_path / "local" / "kommres" / "kernels"
        monkeypatch.delenv("LOCALAPPDATA")
        with pytest.warns(KernelWarning, match="no home folder"):
            assert default_store() is None

    def test_none_at_all(self, monkeypatch, tmp_path):
        monkeypatch.setenv("KOMMRES_CACHE", "off")
        assert doubles(compiled(DOUBLED, "doubled"))
        assert list(tmp_path.iterdir()) == []


class TestSize:
    @pytest.fixture
    def filled(self, folder):
        """Return a store with entries that were used 1, 2, ... hours ago."""

        def fill(count, **limits):
            kept = Store(folder, limits=Limits(**limits))
            for i in range(count):
                Store(folder).write(f"{i:064}", b"x" * 1000, {})
                stamp = time.time() - 3600 * (i + 1)
                os.utime(folder / f"{i:064}.kernel", (stamp, stamp))
            return kept

        return fill

    def left(self, folder):
        return sorted(int(path.stem) for path in folder.glob("*.kernel"))

    def test_those_not_used_for_longest_are_removed(self, filled, folder):
        kept = filled(6, entries=3)
        assert kept.read(f"{5:064}") == b"x" * 1000
        kept.trim()
        assert self.left(folder) == [0, 1, 5]

    def test_by_size(self, filled, folder):
        filled(6, size=3500).trim()
        assert self.left(folder) == [0, 1, 2]

    def test_never_those_just_written(self, filled, folder):
        kept = filled(0, entries=2, size=10)
        for i in range(5):
            kept.write(f"{i:064}", b"x" * 1000, {})
        assert self.left(folder) == [0, 1, 2, 3, 4]
        filled(0, entries=0, fresh=-1).write(f"{7:064}", b"x", {})
        assert self.left(folder) == [7]

    def test_what_killed_processes_left_is_removed(self, filled, folder):
        kept = filled(1)
        for age in (0, 7200):
            part = folder / f"{age}.part"
            part.write_bytes(b"x")
            os.utime(part, (time.time() - age, time.time() - age))
        kept.trim()
        assert [path.name for path in folder.glob("*.part")] == ["0.part"]

    def test_cleared(self, filled, folder):
        kept = filled(3)
        (folder / "letter.txt").write_text("not ours")
        assert kept.clear() == 3
        assert [path.name for path in folder.iterdir()] == ["letter.txt"]
        assert Store(folder / "nowhere").clear() == 0
        assert Store(folder / "nowhere").entries() == []


class TestInterrupted:
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_ctrl_c_at_any_time(self, folder):
        if not hasattr(signal, "setitimer"):
            pytest.skip("no timer")

        def interrupt(*_):
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        interrupted = 0
        try:
            assert doubles(compiled(DOUBLED, "doubled"))
            for delay in range(1, 12):
                kernel = compiled(DOUBLED + f"# {delay}\n", "doubled")
                signal.setitimer(signal.ITIMER_REAL, delay * 0.01)
                try:
                    assert doubles(kernel)
                    time.sleep(delay * 0.01)
                except KeyboardInterrupt:
                    interrupted += 1
                assert doubles(kernel)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert interrupted > 0  # Python swallows those that come while it clears something away
        assert {path.suffix for path in folder.iterdir()} == {".kernel"}

    def test_interrupted_writing_leaves_nothing(self, folder, monkeypatch):
        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("pathlib.Path.replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Store(folder).write("0", b"code", {})
        assert list(folder.iterdir()) == []

    def test_a_compiler_that_has_changed_inside(self, monkeypatch, folder):
        def changed(*_, **__):
            raise AttributeError("no_such_pass")

        monkeypatch.setattr(lowering, "machine_code", changed)
        kernel = compiled(DOUBLED, "doubled")
        for _ in range(2):
            with pytest.raises(NotLowered, match=r"doubled .*AttributeError: no_such_pass"):
                kernel(np.arange(3), np.zeros(3, np.int64))
        assert not folder.exists()
