"""A device that is not there: its tensors hold tensors of the CPU, and it is as strict as a GPU.

    with SimulatedDevice() as device:
        RSGClassifier(device="sim").fit(X, y)
    device.waits  # where the host waited for it: {(operation, "file:line"): times}

Tensors of two devices in one operation raise, as a generator of another device does, and a device
``without_float64`` raises where one of that type is made. torch's slot for other devices
(PrivateUse1) is filled with a backend in Python, which torch knows how to do from 2.9 on; the work
is done by a tensor subclass and a dispatch mode. Random numbers are the CPU's, so results are too.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils import _python_dispatch, backend_registration
from torch.utils._pytree import tree_leaves, tree_map_only

HAS_HOOK = hasattr(backend_registration, "_setup_privateuseone_for_python_backend")
needs_hook = pytest.mark.skipif(
    not HAS_HOOK, reason=f"torch {torch.__version__} has no backends in Python; 2.9 has"
)
NAME = "sim"
# How many values there are in the result, or what the host goes on with, only the device knows.
_DATA_DEPENDENT = {
    "_local_scalar_dense",
    "_unique2",
    "bincount",
    "equal",
    "is_nonzero",
    "masked_select",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
_INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index")
# These may see two devices: that is what they are for.
_BETWEEN_DEVICES = ("_to_copy", "copy_", "set_data", "_has_compatible_shallow_copy_type")


class MixedDevicesError(RuntimeError):
    """An operation got tensors, or a generator, of two devices."""


class NoFloat64Error(TypeError):
    """A float64 tensor was asked of a device that has none."""


# When it is imported, for torch's autograd counts the devices at its first backward pass.
if HAS_HOOK and not hasattr(torch, NAME):
    backend_registration._setup_privateuseone_for_python_backend(
        NAME, backend_module=backend_registration._DummyBackendModule()
    )
    # Of a file that is mapped to the device, what was on the CPU stays there: storages of a device
    # in Python there are none.
    torch.serialization.register_package(
        0, lambda storage: None, lambda storage, place: storage if NAME in place else None
    )


class SimulatedDevice(_python_dispatch.TorchDispatchMode):
    """The device, for as long as the block lasts.

    Attributes
    ----------
    waits : Counter
        (operation, place) -> how often the host had to wait for the device.
    uploads : Counter
        place -> how often something went to the device.
    """

    current = None

    def __init__(self, *, without_float64=False):
        super().__init__()
        self.without_float64 = without_float64
        self.waits = Counter()
        self.uploads = Counter()
        self._functions = _Functions()

    def __enter__(self):
        SimulatedDevice.current = self
        self._functions.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self._functions.__exit__(*error)
        SimulatedDevice.current = None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _call(func, args, kwargs or {}, self)


class _OnDevice(torch.Tensor):
    """A tensor of the device."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        strided = held.layout == torch.strided
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride() if strided else None,
            storage_offset=held.storage_offset() if strided else None,
            dtype=held.dtype,
            device=torch.device(NAME, 0),
            requires_grad=False,
            dispatch_layout=not strided,
        )
        tensor.held = held
        return tensor

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _call(func, args, kwargs or {}, SimulatedDevice.current)

    def __repr__(self, **options):
        return f"_OnDevice({self.held})"

    def __deepcopy__(self, memo):
        copied = _OnDevice(self.held.clone())
        if isinstance(self, torch.nn.Parameter):
            copied = torch.nn.Parameter(copied, self.requires_grad)
        elif self.requires_grad:
            copied.requires_grad_()
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol):
        # as torch pickles tensors of a device: by way of numpy arrays
        as_parameter = isinstance(self, torch.nn.Parameter)
        return _rebuilt, (self.held.numpy(), self.requires_grad, as_parameter)

    def numpy(self, *, force=False):
        raise TypeError("a tensor of the device is no array of numpy: use .cpu() first.")

    def untyped_storage(self):
        return self.held.untyped_storage()

    def __array__(self, *args, **kwargs):
        self.numpy()

    def tolist(self):
        _note(SimulatedDevice.current, "tolist")
        return self.held.tolist()


def _rebuilt(array, requires_grad, as_parameter):
    tensor = torch.from_numpy(array.copy()).to(NAME)
    if as_parameter:
        return torch.nn.Parameter(tensor, requires_grad)
    return tensor.requires_grad_(requires_grad)


def _place():
    """Return the line of sklimb that is being run."""
    frame = sys._getframe()
    while frame is not None:
        before, found, path = frame.f_code.co_filename.rpartition("/sklimb/")
        if found and not before.endswith("/tests"):
            return f"{path}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"


def _note(device, operation):
    if device is not None:
        device.waits[operation, _place()] += 1


def _on_device(values):
    return [t for t in values if isinstance(t, _OnDevice)]


def _on_cpu(values):
    return [t for t in values if isinstance(t, torch.Tensor) and not isinstance(t, _OnDevice)]


def _call(func, args, kwargs, device):
    """Do an operation on what the tensors hold, after a look at where they all are."""
    if func is torch.ops.prim.device.default:
        return torch.device(NAME, 0)
    if func is torch.ops.prim.layout.default:
        return args[0].held.layout
    name = func._schema.name.removeprefix("aten::")
    leaves = tree_leaves((args, kwargs))
    goes_to = _goes_to_device(name, args, kwargs, leaves)
    _check_devices(name, args, leaves, goes_to)
    if device is not None:
        _count(device, name, args, kwargs, leaves, goes_to)
    result = _run_held(func, name, args, kwargs)
    written = _written(func, args, kwargs)
    if written is not None:
        return written
    if not goes_to:
        return result
    made = [t for t in tree_leaves(result) if isinstance(t, torch.Tensor)]
    if getattr(device, "without_float64", False) and any(t.dtype == torch.float64 for t in made):
        raise NoFloat64Error(f"{name}: the device has no float64, at {_place()}.")
    return tree_map_only(torch.Tensor, _OnDevice, result)


def _goes_to_device(name, args, kwargs, leaves):
    if name == "copy_":
        return isinstance(args[0], _OnDevice)
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"]).type == NAME
    return bool(_on_device(leaves))


def _check_devices(name, args, leaves, goes_to):
    if goes_to and any(isinstance(leaf, torch.Generator) for leaf in leaves):
        raise MixedDevicesError(f"{name}: a generator of the CPU on the device, at {_place()}.")
    if not _on_device(leaves) or name in _BETWEEN_DEVICES:
        return
    cpu = _on_cpu(leaves)
    if name in _INDEXING:  # indices may be on the CPU, what is indexed and put there may not
        cpu = _on_cpu([args[0], *args[2:3]])
    if any(tensor.ndim for tensor in cpu):
        where = [
            f"{'device' if isinstance(t, _OnDevice) else 'cpu'}{tuple(t.shape)}"
            for t in leaves
            if isinstance(t, torch.Tensor)
        ]
        raise MixedDevicesError(f"{name} of {', '.join(where)}, at {_place()}.")


def _count(device, name, args, kwargs, leaves, goes_to):
    came_from = bool(_on_device(leaves))
    if name in ("_to_copy", "copy_") and goes_to:
        source = args[1] if name == "copy_" else args[0]
        device.uploads[_place()] += not isinstance(source, _OnDevice)
    elif (came_from and name in ("_to_copy", "copy_")) or (
        came_from and (name in _DATA_DEPENDENT or _repeats_unknown(name, args, kwargs))
    ):
        _note(device, name)
    elif came_from and name in _INDEXING:
        indices = [index for index in args[1] if index is not None]
        if any(index.dtype in (torch.bool, torch.uint8) for index in indices):
            _note(device, name)
        device.uploads[_place()] += len(_on_cpu(indices))


def _repeats_unknown(name, args, kwargs):
    return name == "repeat_interleave" and kwargs.get("output_size") is None


def _run_held(func, name, args, kwargs):
    held = tree_map_only(_OnDevice, lambda tensor: tensor.held, (args, kwargs))
    args, kwargs = held
    if kwargs.get("device") is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    with _python_dispatch._disable_current_modes():
        result = func(*args, **kwargs)
        if name == "_to_copy" and result is args[0]:
            result = result.clone()
        return result


def _written(func, args, kwargs):
    """Return the arguments that an operation has written to and returns, or None."""
    schema = func._schema
    first = schema.returns[0].alias_info if schema.returns else None
    if first is None or not first.is_write:
        return None
    out = [
        args[number] if number < len(args) else kwargs[argument.name]
        for number, argument in enumerate(schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    return out[0] if len(schema.returns) == 1 else tuple(out)


class _Functions(TorchFunctionMode):
    """What torch does before its dispatcher, where no backend in Python is asked."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (torch.tensor, torch.as_tensor, torch.asarray):
            return self._built(func, args, kwargs)
        if func is torch.Tensor.new_tensor and isinstance(args[0], _OnDevice):
            dtype = kwargs.get("dtype") or args[0].dtype
            return torch.tensor(args[1], dtype=dtype).to(NAME)
        if func is torch.Tensor.__getitem__ and isinstance(args[0], _OnDevice):
            args = (args[0], self._index(args[1]))
        if func is torch.sparse_csr_tensor and _on_device(args):
            return self._sparse(args, kwargs)
        return func(*args, **kwargs)

    @staticmethod
    def _index(index):
        """Return an index with its lists as tensors on the device, where torch puts them."""
        parts = index if isinstance(index, tuple) else (index,)
        parts = tuple(torch.tensor(p).to(NAME) if isinstance(p, list) else p for p in parts)
        return parts if isinstance(index, tuple) else parts[0]

    @staticmethod
    def _built(func, args, kwargs):
        device = kwargs.pop("device", None)
        if device is None or torch.device(device).type != NAME:
            return func(*args, **kwargs, **({} if device is None else {"device": device}))
        data = args[0] if args else kwargs.pop("data")
        if isinstance(data, torch.Tensor):
            return data.to(NAME, kwargs.get("dtype") or data.dtype)
        return func(data, *args[1:], **kwargs).to(NAME)

    @staticmethod
    def _sparse(args, kwargs):
        if len(_on_device(args[:3])) < 3:
            raise MixedDevicesError(f"sparse_csr_tensor of two devices' tensors, at {_place()}.")
        parts = (part.detach().held for part in args[:3])
        return _OnDevice(torch.sparse_csr_tensor(*parts, **kwargs))
