"""Sees a program run: what the user calls, what is computed beneath, and in which module.

Two modes at once. A TorchFunctionMode sees what the user called, a TorchDispatchMode each operation beneath, where
tensors are still the objects that autograd will know; so which autograd node belongs to an operation is asked of its
output. Hooks of all modules say where it happens. Nothing is changed: no tensor, no random number, no gradient.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from gradstep.torch.memory import copy_of, storage_of, written_by
from gradstep.torch.seen import Called, Key, Ref, Seen

_HERE, _TORCH = os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.abspath(torch.__file__))
#: Functions that compute nothing.
_QUIET = frozenset(("__get__", "__set__", "size", "dim", "numel", "stride", "is_floating_point", "backward", "item"))

#: What lets several processes or devices train a model together.
_AROUND: tuple[type[Any], ...] = (torch.nn.parallel.DistributedDataParallel, torch.nn.DataParallel)


class Recorder:
    """All that is seen between `__enter__` and `__exit__`."""

    def __init__(self, model: torch.nn.Module, inputs: Mapping[str, Any]) -> None:
        self.model = model
        self.seen: list[Seen] = []
        self.calls: list[Called] = []
        #: Which call made what an autograd node gives; and the nodes themselves, which must not go before.
        self.makers: dict[int, Called] = {}
        self.by_key: dict[Key, Seen] = {}
        self.nodes: dict[int, Any] = {}
        #: Which call wrote to a part of a tensor, by the autograd node that this made of the tensor, and the part.
        self.writes: dict[int, tuple[Called, torch.Tensor]] = {}
        self.paused = False
        #: What sees the operations, while it is entered.
        self.mode: TorchDispatchMode | None = None
        #: What the loss was multiplied by before its backward pass, where a GradScaler did so.
        self.scale: float | None = None
        self._now: dict[int, Seen] = {}
        self._in_storage: dict[int, list[Seen]] = {}
        self._unsettled: Called | None = None
        self._written: list[torch.Tensor] = []
        self._modules: list[tuple[str, int]] = []
        self._turns: Counter[str] = Counter()
        self._functions: list[Called] = []
        self._hints: dict[int, str] = {}
        self._paths = {id(m): _plain(path) for path, m in model.named_modules()}
        self._stack = ExitStack()
        self._start(inputs)

    def _start(self, inputs: Mapping[str, Any]) -> None:
        for name, parameter in self.model.named_parameters():
            self._see(parameter, "parameter", _plain(name))
        for name, buffer in self.model.named_buffers():
            self._see(buffer, "buffer", _plain(name))
        for name, given in inputs.items():
            for number, tensor in enumerate(t for t in pytree.tree_leaves(given) if isinstance(t, torch.Tensor)):
                self._see(tensor, "input", name if number == 0 else f"{name}_{number + 1}")

    def __enter__(self) -> Recorder:
        for module in self.model.modules():
            self._stack.callback(module.register_forward_pre_hook(self._entered).remove)
            self._stack.callback(module.register_forward_hook(self._left, always_call=True).remove)
        self._stack.enter_context(torch.compiler.set_stance("force_eager"))
        self._stack.enter_context(_Functions(self))
        self.mode = self._stack.enter_context(_Operations(self))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # Tensors -------------------------------------------------------------------------------------

    def _see(self, tensor: torch.Tensor, kind: str, name: str = "") -> Seen:
        found = Seen(len(self.seen), tensor, tensor._version, kind, name)
        self.seen.append(found)
        self._now[id(tensor)] = found
        storage = storage_of(tensor)
        if storage is not None:
            self._in_storage.setdefault(storage, []).append(found)
        found.key = self._key(tensor)
        if found.key is not None:
            self.by_key.setdefault(found.key, found)
        return found

    def _key(self, tensor: torch.Tensor) -> Key | None:
        """Where autograd finds a tensor, if it does."""
        if not tensor.requires_grad or torch._C._functorch.is_functorch_wrapped_tensor(tensor):
            return None
        node = tensor.grad_fn
        if node is None:
            return Key(id(tensor), -1)
        self.nodes[id(node)] = node
        return Key(id(node), tensor.output_nr)

    def now(self, tensor: torch.Tensor) -> Seen:
        """A tensor as it is now: seen anew where it was written to, or autograd finds it elsewhere, since."""
        found = self._now.get(id(tensor))
        if found is None:
            kind, name = self._kind(tensor), self._hints.get(id(tensor), "")
            return self._see(tensor, "input" if name and kind == "constant" else kind, name)
        if found.version == tensor._version and found.key == (key := self._key(tensor)):
            return found
        if found.version == tensor._version and found.key is None:  # made by now
            found.key = key
            if key is not None:
                self.by_key.setdefault(key, found)
            return found
        kind = found.kind if found.kind != "input" else "made"
        return self._see(tensor, "made" if self._key(tensor) is not None and tensor.grad_fn is not None else kind)

    @staticmethod
    def _kind(tensor: torch.Tensor) -> str:
        if isinstance(tensor, torch.nn.Parameter) or (tensor.requires_grad and tensor.grad_fn is None):
            return "parameter"
        return "made" if tensor.requires_grad else "constant"

    def refs(self, tree: Any) -> Any:
        """Arguments with what is seen of each tensor in its place."""
        return pytree.tree_map_only(torch.Tensor, lambda t: Ref(self.now(t)), tree)

    def _keep(self, written: Sequence[torch.Tensor]) -> None:
        """Copies what shares its memory with something that is about to be written to."""
        for tensor in written:
            storage = storage_of(tensor)
            for one in self._in_storage.pop(storage, ()) if storage is not None else ():
                if one.kept is None:
                    one.kept = one.tensor.detach().clone()

    def snapshot(self) -> None:
        """Copies what an update is going to write to: parameters and buffers, and what shares their memory."""
        whole = {storage_of(one.tensor): one for one in self.seen if one.kind in ("parameter", "buffer")}
        for one in self.seen:
            base = None if one.kept is not None else whole.get(storage_of(one.tensor))
            if base is not None:
                # What was copied before an update within the step is not what stands there after it.
                one.kept = copy_of(one.tensor, base.kept if one.version == base.version else None)

    # Calls ---------------------------------------------------------------------------------------

    def operation(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operation beneath: seen before and after."""
        with torch._C.DisableTorchFunction():
            return self._operation(func, args, kwargs)

    def _operation(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.settle()
        schema = func._schema
        written = written_by(schema, args, kwargs)
        call = self._call(func.name().removeprefix("aten::"), *self.refs((args, kwargs)))
        call.schema = schema
        if written:
            self._keep(written)
        out = func(*args, **kwargs)
        call.outputs = [self._made(t) if isinstance(t, torch.Tensor) else None for t in pytree.tree_leaves(out)]
        self.calls.append(call)
        self._unsettled, self._written = call, written
        return out

    def _made(self, tensor: torch.Tensor) -> Seen:
        found = Seen(len(self.seen), tensor, tensor._version, "made")
        self.seen.append(found)
        self._now[id(tensor)] = found
        storage = storage_of(tensor)
        if storage is not None:
            self._in_storage.setdefault(storage, []).append(found)
        return found

    def settle(self) -> None:
        """The last operation is through autograd by now: which node is its own, and where its outputs are found."""
        call, self._unsettled = self._unsettled, None
        if call is None:
            return
        for tensor in self._written:
            whole = tensor._base if tensor._is_view() else None
            if whole is not None and whole.grad_fn is not None:
                self.nodes[id(whole.grad_fn)] = whole.grad_fn
                self.writes.setdefault(id(whole.grad_fn), (call, tensor))
                self.now(whole)  # the program may never name it again, and autograd goes through it
        for one in call.outputs:
            if one is None:
                continue
            one.version = one.tensor._version
            one.key = self._key(one.tensor)
            if one.key is not None:
                self.by_key.setdefault(one.key, one)
                if one.key.output >= 0:
                    self.makers.setdefault(one.key.node, call)

    def function(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call of the user's: all operations until it returns are inside of it."""
        name = getattr(func, "__name__", "")
        if self.paused or name in _QUIET:
            return func(*args, **kwargs)
        self._note_scale(name, args)
        self.settle()
        call = self._call(name, *self.refs((args, kwargs)))
        call.where = self._functions[-1].where if self._functions else _where()
        self._functions.append(call)
        try:
            out = func(*args, **kwargs)
        finally:
            self._functions.pop()
        self.settle()
        call.outputs = [self._now.get(id(t)) if isinstance(t, torch.Tensor) else None for t in pytree.tree_leaves(out)]
        return out

    def _note_scale(self, name: str, args: tuple[Any, ...]) -> None:
        """What a GradScaler multiplies the loss by."""
        if name == "mul" and sys._getframe(3).f_code.co_filename.endswith("grad_scaler.py"):
            self.scale = float(args[1])

    def _call(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Called:
        path, turn = self._modules[-1] if self._modules else ("", 0)
        inside = self._functions[-1] if self._functions else None
        where = "" if inside is not None else _where()
        return Called(name, tuple(args), kwargs, path, turn, inside.where if inside else where, inside)

    # Modules -------------------------------------------------------------------------------------

    def _entered(self, module: torch.nn.Module, args: Any) -> None:
        path = self._paths.get(id(module))
        if path is None:
            path = self._modules[-1][0] if self._modules else ""
        self._turns[path] += 1
        self._modules.append((path, self._turns[path]))
        if module is self.model:
            for name, given in zip(_parameters_of(module), args, strict=False):
                if isinstance(given, torch.Tensor):
                    self._hints.setdefault(id(given), name)

    def _left(self, module: torch.nn.Module, args: Any, out: Any) -> None:
        if self._modules:
            self._modules.pop()


class _Functions(TorchFunctionMode):
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return self._recorder.function(func, tuple(args), kwargs or {})


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not annotate it
    def __init__(self, recorder: Recorder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recorder = recorder

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self._recorder.paused:
            return func(*args, **(kwargs or {}))
        return self._recorder.operation(func, tuple(args), kwargs or {})


def unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    """The user's model, without what `torch.compile`, or several processes or devices, have put around it."""
    while True:
        inner = model.module if isinstance(model, _AROUND) else getattr(model, "_orig_mod", None)
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def _plain(path: str) -> str:
    """The path of a module or a parameter without what `torch.compile` has put around the model."""
    return ".".join(piece for piece in path.split(".") if piece != "_orig_mod")


def _parameters_of(module: torch.nn.Module) -> list[str]:
    """The names of the arguments of a module's forward."""
    code = getattr(getattr(module.forward, "__func__", module.forward), "__code__", None)
    return [] if code is None else list(code.co_varnames[1 : code.co_argcount])


def _where() -> str:
    """The line of the user's program that is being carried out."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_TORCH, _HERE, "<")) and not file.endswith("contextlib.py"):
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
