"""Live subscriptions: alerts, and the inputs of subscriptions."""
