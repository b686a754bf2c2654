"""Does torch_npu have what our code uses of it, release by release? Read from its wheels, which are never imported."""
