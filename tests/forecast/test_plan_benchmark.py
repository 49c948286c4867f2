"""The benchmark of the plan: the board that it decides is that of all seeds, from fewer runs."""

from conftest import here

from benchmarks.plan import DrawnCells, asked, board_counts, one_world, played, printed, truth


def test_in_a_true_world_the_plan_decides_with_fewer_runs_than_ten_seeds_of_every_cell() -> None:
    world = one_world(here(), "true", 0)
    assert world["runs"] < 0.6 * world["whole_runs"]
    assert world["hours"] < 0.6 * world["whole_hours"]
    assert world["board"].get("differs", 0) == 0
    assert world["board"]["holds"] >= world["whole_board"]["holds"] - 1


def test_no_seed_is_added_where_a_question_is_decided() -> None:
    questions = asked(here())
    means = truth("true", questions, 1)
    cells = DrawnCells(here(), means, 1)
    standing = played(here(), printed(questions, means, 0.0), cells)
    assert sum(board_counts(here(), standing).values()) > 15
    assert all(state.needs == () for state in standing)
