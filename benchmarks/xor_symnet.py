"""XOR with symnet, a program of its own to be timed as a whole; prints the last loss."""

import symnet as sn
from benchmarks import xor_task as task

X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
net = sn.mlp(X, [3, 1], activation=sn.sigmoid)
loss = sn.squared_error(sn.sigmoid(net.output), Y)
data, descent = {X: task.X, Y: task.Y}, sn.GradientDescent(task.RATE)
print(sn.train(loss, data, parameters=task.START, optimizer=descent, epochs=task.STEPS).loss)
