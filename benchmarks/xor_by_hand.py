"""XOR with NumPy alone, a program of its own to be timed as a whole; prints the last loss."""

from benchmarks import xor_task as task
from benchmarks.by_hand import descend_xor

loss, _ = descend_xor(task.X, task.Y, task.START.values(), task.RATE, task.STEPS)
print(loss)
