"""What the operating system gives: files, hardware, locks on GPUs, threads, signals, the allocator."""
