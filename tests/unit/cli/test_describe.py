"""``kommres describe``: in English and in Russian."""

import re

RULES = """module village
called ru
    service "light" = "Освещение"

entity house
entity flat of house
    called ru "квартира"
enum stove: gas, electric
    called ru "вид плиты"
    called ru gas = "газовая плита", electric = "электроплита"
input cooks of flat: stove
    called ru "плита"
input used(stove) of flat: m3, step 1, 0..100, optional, history
    called ru "показания"
input people of flat: person, step 1, 0..9, varies
    called ru "жильцы"
event away of flat
    called ru "отъезд"
    called ru from = "уехал"
    from: date
    to: date

option reading: wide or narrow, default wide
    called ru "толкование"

param tariff: RUB/m3
    called ru "тариф"
    from 2026-01-01 = 3.50
    from 2026-07-01 = 4.00
param once: number = 1

charge light of flat: RUB
    = sum over slices round(tariff * (used(gas) else 0 m3) * slice.months / 1 month, 0.01)
"""


def described(run, folder, *options):
    (folder / "village.kmr").write_text(RULES, encoding="utf-8")
    code, out, _ = run("describe", str(folder / "village.kmr"), *options)
    assert code == 0
    return out


def test_russian_has_no_english_but_names(run, tmp_path):
    out = described(run, tmp_path, "--lang", "ru")
    for line in (
        "исходные данные",
        "  flat.used(stove)  m3, 0..100, шаг 1, необязательно, история  показания",
        "  flat.away  from: дата, to: дата  отъезд",
        "  reading  wide или narrow, по умолчанию wide  толкование",
        "  village  tariff  RUB/m3  значений: 2, с 2026-01-01, последнее с 2026-07-01    тариф",
        "  village  once    число   1 значение, без даты",
        "    house*            текст                      номер строки таблицы house, к которой относится эта",
        "    cooks             одно из: gas, electric     плита",
        "  flat.used  показания: прошлые месяцы",
        "  flat.people  жильцы: изменения по дням",
    ):
        assert re.search(re.sub(r"(\\ )+", " +", re.escape(line)), out), line
    words = set(re.findall(r"[A-Za-z]{3,}", out))
    names = set(re.findall(r"[A-Za-z]{3,}", RULES)) | {"month", "value", "base", "Parquet", "Arrow", "CSV"}
    assert words - names == set()


def test_english_counts_and_dates(run, tmp_path):
    out = described(run, tmp_path)
    assert "2 values, from 2026-01-01, the last from 2026-07-01" in out
    assert "1 value, not dated" in out
    assert "id of the house that the row belongs to" in out
