"""XOR with PyTorch, a program of its own to be timed as a whole: autograd in a loop; prints the last loss."""

import torch

from benchmarks import xor_task as task

X, Y = torch.tensor(task.X), torch.tensor(task.Y)
W1, b1, W2, b2 = parameters = [torch.tensor(p, requires_grad=True) for p in task.START.values()]
for _ in range(task.STEPS):
    A1 = torch.sigmoid(W1 @ X + b1)
    A2 = torch.sigmoid(W2 @ A1 + b2)
    loss = ((A2 - Y) ** 2).sum() / (2 * X.shape[1])
    gradients = torch.autograd.grad(loss, parameters)
    with torch.no_grad():
        for p, g in zip(parameters, gradients, strict=True):
            p -= task.RATE * g
print(loss.item())
