"""What a run found in the forms of other tools: tables, logs of Inspect, adapters of PEFT, W&B and MLflow. It stands beside the core, which knows nothing
of it."""
