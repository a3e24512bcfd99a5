"""Training, calibrating and measuring the model on simulated ladders: the one place that knows both sides."""
