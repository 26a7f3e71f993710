"""The demo: real data, two models trained here, and a hub driven from outside through its public interfaces."""
