"""`slim fleet`."""

from __future__ import annotations

from slim.cli.command import Commands

fleet = Commands(
    "fleet",
    "Analyze many images as one fleet: what is shared, what is waste, what to fix first.",
    modules={
        "scan": "slim.cli.fleet_scan",
        "report": "slim.cli.fleet_report",
        "sql": "slim.cli.fleet_sql",
    },
    epilog="Examples:\n\n"
    "  slim fleet scan images/ --store fleet\n\n"
    "  slim fleet scan 'registry:registry.example.com/team/*' --newest 3 --store fleet\n\n"
    "  slim fleet report --store fleet -o html=fleet.html",
)
