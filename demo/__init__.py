"""The demo: real data, two models trained here, and the hub driven from outside by its public interfaces."""
