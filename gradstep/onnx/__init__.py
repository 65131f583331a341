"""Networks that are written in ONNX (onnx.ai), as networks of gradstep."""
