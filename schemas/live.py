"""What is watched live: alerts, and the inputs of subscriptions."""
