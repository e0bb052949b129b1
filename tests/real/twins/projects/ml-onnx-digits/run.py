import numpy
import onnxruntime

session = onnxruntime.InferenceSession("sum.onnx")
(found,) = session.run(None, {"x": numpy.array([1, 2, 3], dtype=numpy.float32)})
print("sum", float(found))
