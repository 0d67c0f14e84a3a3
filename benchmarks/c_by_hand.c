/* A net of 2, 3 and 1 units with tanh and four samples, written by hand: one step of gradient descent in double. */
#include <math.h>

double hand_step(
    const double *restrict X, const double *restrict Y, const double eta,
    double *restrict W1, double *restrict b1, double *restrict W2, double *restrict b2)
{
    double A[3][4], G[4], loss = 0.0;
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < 4; n++)
            A[i][n] = tanh(W1[2*i]*X[n] + W1[2*i + 1]*X[4 + n] + b1[i]);
    for (int n = 0; n < 4; n++) {
        const double r = W2[0]*A[0][n] + W2[1]*A[1][n] + W2[2]*A[2][n] + b2[0] - Y[n];
        loss += r*r;
        G[n] = r/4;
    }
    double g2 = 0.0;
    for (int n = 0; n < 4; n++)
        g2 += G[n];
    for (int i = 0; i < 3; i++) {
        double gw2 = 0.0, gb = 0.0, g0 = 0.0, g1 = 0.0;
        for (int n = 0; n < 4; n++) {
            const double d = W2[i]*G[n]*(1.0 - A[i][n]*A[i][n]);
            gw2 += G[n]*A[i][n];
            gb += d;
            g0 += d*X[n];
            g1 += d*X[4 + n];
        }
        W2[i] -= eta*gw2;
        b1[i] -= eta*gb;
        W1[2*i] -= eta*g0;
        W1[2*i + 1] -= eta*g1;
    }
    b2[0] -= eta*g2;
    return loss/8;
}
