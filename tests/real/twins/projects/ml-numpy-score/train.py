import numpy

x = numpy.array([[0, 1], [1, 1], [3, 1]])
weights, *_ = numpy.linalg.lstsq(x, numpy.array([1, 3, 7]), rcond=None)
numpy.save("model.npy", weights)
