"""A report as Markdown: texts are texts, whatever they hold."""

from analytics.backtest.sheets import Block, Headline, Paper, Picture, Sheet, Words


def test_a_report_is_a_markdown_file() -> None:
    sheet = Sheet(
        title="Rules", headings=("rule", "hits"), rows=(("a|b", "1"),), note="less < more"
    )
    blocks: list[Block] = [
        Headline("Good"),
        sheet,
        Picture("Days", ("1 █",)),
        Words("by the way", is_small=True),
    ]
    assert Paper("Plan", blocks).markdown() == (
        "# Plan\n\n"
        "**Good**\n\n"
        "## Rules\n\n"
        "| rule | hits |\n"
        "| --- | --: |\n"
        "| a\\|b | 1 |\n\n"
        "<sub>less &lt; more</sub>\n\n"
        "## Days\n\n"
        "```\n1 █\n```\n\n"
        "<sub>by the way</sub>\n"
    )
