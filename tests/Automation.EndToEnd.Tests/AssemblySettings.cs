// Each test has its own server process; side by side they would fight for two cores and blur each other's time limits.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
