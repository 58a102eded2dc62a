from serving_runtime.ipc.totals import Totals, read_totals, write_totals


def test_totals_travel_as_text():
    """And where there are none, nothing was counted."""
    totals = Totals(1, 2, 3, 4, 5.5, 6.5, 7.5, 8.5, 9.5)
    assert read_totals(write_totals(totals)) == totals
    assert read_totals("") == Totals(0, 0, 0, 0, 0, 0, 0, 0, 0)
