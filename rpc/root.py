"""Every procedure: the product's table of contents."""

from rpc.access import access
from rpc.alerts import alerts
from rpc.audit import audit
from rpc.connectors import connectors
from rpc.core import Router
from rpc.datasets.router import datasets
from rpc.decisions.router import decisions
from rpc.groups.router import groups
from rpc.imports import imports
from rpc.inference import inference
from rpc.mappings import mappings
from rpc.models import models
from rpc.runs import runs
from rpc.system import system

root = Router("", access, alerts, audit, connectors, datasets, decisions, groups, imports, inference, mappings, models, runs, system)
