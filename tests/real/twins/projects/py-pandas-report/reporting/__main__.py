"""Monthly report: reads a CSV file of sales, groups it, prints a table from a template."""

import argparse
import tomllib
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader
from rich.console import Console

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="reporting")
    parser.add_argument("--config", default="config/report.toml")
    parser.add_argument("--month", default="2024-02")
    options = parser.parse_args()
    config = tomllib.loads(Path(options.config).read_text())
    sales = pd.read_csv(config["source"], parse_dates=["day"])
    month = sales[sales.day.dt.strftime("%Y-%m") == options.month]
    sums = month.groupby("shop").amount.sum().sort_values(ascending=False)
    Path("/tmp/sums.parquet").unlink(missing_ok=True)
    sums.to_frame().to_parquet("/tmp/sums.parquet")
    back = pd.read_parquet("/tmp/sums.parquet")
    template = Environment(loader=FileSystemLoader(HERE / "queries")).get_template("report.txt")
    text = template.render(month=options.month, rows=back.itertuples(), unit=config["unit"])
    Console(width=80).print(text, highlight=False)


main()
