"""A card that is not there: numbers on the CPU, in tensors that say "cuda" or the like.

What a real card refuses is refused: tensors of two devices in one operation, `numpy()`,
random numbers from a generator of the CPU, float64 on "mps", the derivative of the
recurrent layers of cuDNN in eval mode, and more memory than there is. Counted are, by
the line of the library that asked,

- launches: operations that are no views. One may be several kernels on a real card;
- waits: results that the CPU reads before it can go on;
- copies: tensors of the CPU that are sent to the card;
- doubles: results in float64.

The card has a random stream of its own. It is in no known state unless it is seeded.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest import mock

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._mode_utils import no_dispatch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

import sufficient

LIBRARY = str(Path(sufficient.__file__).parent)
# What torch is told in place of the card: a device for which it has no kernels.
STAND_IN = torch.device("meta")

aten = torch.ops.aten
INDEXING = {
    "index.Tensor", "index_put_.default", "index_put.default",
    "_index_put_impl_.default", "_unsafe_index.Tensor",
}  # fmt: skip
COPYING = {"_to_copy.default", "copy_.default"}
# They only reserve memory, or give known memory another name.
WITHOUT_KERNEL = {
    "empty.memory_format", "empty_like.default", "empty_strided.default",
    "new_empty.default", "new_empty_strided.default", "detach.default",
    "alias.default", "lift_fresh.default", "_unsafe_view.default",
}  # fmt: skip
# The number or the size of the results is read, or whether a decomposition has failed.
WAITING = {
    "_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select",
    "unique_consecutive", "_unique2", "bincount", "_linalg_eigh", "_linalg_svd",
    "linalg_inv_ex", "_linalg_solve_ex",
}  # fmt: skip
RECURRENT = {"lstm", "gru", "rnn_tanh", "rnn_relu"}
MAKING = {torch.tensor, torch.as_tensor, torch.asarray}


class Card:
    """What was asked of the pretended device, and how much memory it has.

    Parameters
    ----------
    kind : {"cuda", "mps", "xpu"}
        Name of the device.
    room : float
        Bytes of the largest tensor that fits.
    free : int
        Bytes that the device says it has left.
    """

    def __init__(self, kind: str, room: float, free: int) -> None:
        self.device, self.room, self.free = torch.device(kind, 0), room, free
        self.launches: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self.copies: Counter[str] = Counter()
        self.doubles: Counter[str] = Counter()
        self.random_state = torch.Generator()
        self.random_state.seed()

    def counts(self) -> dict[str, int]:
        """Launches, waits and copies."""
        names = "launches", "waits", "copies"
        return {name: getattr(self, name).total() for name in names}

    def run(self, func, args, kwargs):
        """Run an operation of torch on the numbers, if the card has part in it."""
        tensors = [t for t in tree_flatten((args, kwargs))[0] if _is_tensor(t)]
        held = {id(t.held): t for t in tensors if isinstance(t, OnCard)}
        target = kwargs.get("device")
        if not held and target != STAND_IN:
            return func(*args, **kwargs)
        name = func.name().removeprefix("aten::")
        self._check(name if "." in name else f"{name}.default", args, tensors)
        if torch.Tag.inplace_view in func.tags:
            with no_dispatch():  # the shape that torch sees
                func(*args, **kwargs)
        if target == STAND_IN:
            kwargs = {**kwargs, "device": "cpu"}
        args, kwargs = tree_map_only(OnCard, lambda t: t.held, (args, kwargs))
        with self._random_numbers(func, kwargs):
            result = func(*args, **kwargs)
        leaves_card = self._count(func, args, tensors, target)
        if leaves_card:
            return result
        self._check_memory(result)
        # What is changed in place stays the tensor that it was.
        return tree_map_only(
            torch.Tensor,
            lambda t: held[id(t)] if id(t) in held else self._made(t),
            result,
        )

    def _made(self, values):
        if values.dtype == torch.float64:
            self.doubles[_line()] += 1
            if self.device.type == "mps":
                raise TypeError("MPS framework doesn't support float64.")
        return OnCard(values)

    def _check(self, name, args, tensors):
        if name in COPYING:
            return
        if name in INDEXING and isinstance(args[0], OnCard):
            tensors = [t for t in tree_flatten(args[2:])[0] if _is_tensor(t)]
        strangers = [t for t in tensors if not isinstance(t, OnCard) and t.ndim]
        if strangers:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two "
                f"devices, {self.device} and cpu! ({name} at {_line()})"
            )

    def _check_memory(self, result):
        sizes = (t.nbytes for t in tree_flatten(result)[0] if _is_tensor(t))
        if max(sizes, default=0) > self.room:
            raise torch.OutOfMemoryError("The pretended device is out of memory.")

    @contextmanager
    def _random_numbers(self, func, kwargs):
        is_random = torch.Tag.nondeterministic_seeded in func.tags
        if not is_random or kwargs.get("generator") is not None:
            yield
            return
        of_cpu = torch.get_rng_state()
        torch.set_rng_state(self.random_state.get_state())
        try:
            yield
        finally:
            self.random_state.set_state(torch.get_rng_state())
            torch.set_rng_state(of_cpu)

    def _count(self, func, args, tensors, target):
        """Count an operation; whether its result is no longer on the card."""
        line, name = _line(), func.name().removeprefix("aten::").split(".")[0]
        is_on_card = [isinstance(t, OnCard) for t in tensors]
        if name == "_to_copy" and target not in (None, STAND_IN):
            self.waits[line] += 1
            return True
        if name == "copy_" and not all(is_on_card):
            (self.copies if is_on_card[0] else self.waits)[line] += 1
            return not is_on_card[0]
        if name == "_to_copy" and not any(is_on_card):
            self.copies[line] += 1
            return False
        on_cpu = [t for t in tensors if not isinstance(t, OnCard) and t.ndim]
        self.copies[line] += len(on_cpu)
        masked = "index" in name and any(t.dtype == torch.bool for t in tensors[1:])
        if name in WAITING or masked:
            self.waits[line] += 1
        no_kernel = str(func).removeprefix("aten.") in WITHOUT_KERNEL
        if not func.is_view and not no_kernel:
            self.launches[line] += 1
        return False


CARDS: list[Card] = []


class OnCard(torch.Tensor):
    """A tensor that says that it is on the card; its numbers are in `held`."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=STAND_IN,
        )

    def __init__(self, held):
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return CARDS[-1].run(func, args, kwargs or {})

    @property
    def device(self):
        return CARDS[-1].device

    @property
    def is_cuda(self):
        return self.device.type == "cuda"

    @property
    def is_mps(self):
        return self.device.type == "mps"

    def untyped_storage(self):
        return self.held.untyped_storage()

    def numpy(self, *args, **kwargs):
        raise TypeError(f"can't convert {self.device} device type tensor to numpy.")

    __array__ = numpy

    def tolist(self):
        return self.cpu().tolist()

    def __repr__(self, **kwargs):
        return f"OnCard({self.held!r})"

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = _rebuilt(*self.__reduce_ex__(0)[1])
        return memo[id(self)]

    def __reduce_ex__(self, protocol):
        parameter = getattr(self, "_is_param", False)
        return _rebuilt, (self.held.clone(), self.requires_grad, parameter)


def _rebuilt(held, requires_grad, is_parameter):
    if is_parameter:
        return torch.nn.Parameter(OnCard(held), requires_grad)
    return OnCard(held).requires_grad_(requires_grad)


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return CARDS[-1].run(func, args, kwargs or {})


class _Names(TorchFunctionMode):
    """Hand the stand-in to torch wherever the name of the card is given."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.device:
            return func(*args, **kwargs)
        if getattr(func, "__name__", "") in RECURRENT:
            _check_recurrent(args)
        if func in MAKING and _names_card(kwargs.get("device")):
            # They would read the values past every mode.
            del kwargs["device"]
            return func(*args, **kwargs).to(STAND_IN)
        if func is torch.Tensor.new_tensor and isinstance(args[0], OnCard):
            return torch.tensor(*args[1:], dtype=args[0].dtype).to(STAND_IN)
        args = tuple(STAND_IN if _names_card(a) else a for a in args)
        kwargs = {k: STAND_IN if _names_card(a) else a for k, a in kwargs.items()}
        _check_generator(kwargs.get("generator"), args, kwargs)
        return func(*args, **kwargs)


def _check_generator(generator, args, kwargs):
    on_card = STAND_IN in kwargs.values() or any(isinstance(a, OnCard) for a in args)
    if generator is not None and on_card != getattr(generator, "is_of_card", False):
        raise RuntimeError("The generator is not on the device of the random numbers.")


def _check_recurrent(args):
    card = CARDS[-1]
    by_cudnn = card.device.type == "cuda" and torch.backends.cudnn.enabled
    in_training = [a for a in args if isinstance(a, bool)][1]
    on_card = isinstance(args[0], OnCard) or args[0].device == STAND_IN
    if on_card and by_cudnn and torch.is_grad_enabled() and not in_training:
        raise RuntimeError("cudnn RNN backward can only be called in training mode")


class _Generator(torch.Generator):
    def __new__(cls, device="cpu"):
        self = super().__new__(cls)
        self.is_of_card = _names_card(device)
        return self


def _names_card(value):
    if isinstance(value, (str, torch.device)):
        return str(value).split(":")[0] == CARDS[-1].device.type
    return False


def _is_tensor(value):
    return isinstance(value, torch.Tensor)


def _line():
    """The line of the library that asked."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(LIBRARY):
            return f"{name[len(LIBRARY) + 1 :]}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere"


@contextmanager
def pretended(
    kind: str, room: float = float("inf"), free: int = 2**36
) -> Iterator[Card]:
    """A device of this kind for the code inside.

    Parameters
    ----------
    kind : {"cuda", "mps", "xpu"}
        What the device is called.
    room, free : float, int
        Bytes of the largest tensor that fits, and that the device says it has left.

    Yields
    ------
    Card
        With the counts so far.
    """
    card = Card(kind, room, free)
    load, conversion = torch.load, torch.__future__
    overwrites = conversion.get_overwrite_module_params_on_conversion()
    with ExitStack() as stack:
        CARDS.append(card)
        stack.callback(CARDS.pop)
        for name, value in _driver(card).items():
            module = getattr(torch, kind)
            stack.enter_context(mock.patch.object(module, name, value, create=True))
        replaced = {
            "Generator": _Generator,
            "load": lambda *a, **k: load(*a, **{**k, "map_location": "cpu"}),
        }
        for name, value in replaced.items():
            stack.enter_context(mock.patch.object(torch, name, value))
        # `Module.to` would put a tensor of the card into a parameter of the CPU.
        conversion.set_overwrite_module_params_on_conversion(True)
        stack.callback(conversion.set_overwrite_module_params_on_conversion, overwrites)
        stack.enter_context(_Names())
        stack.enter_context(_Operations())
        yield card


def _driver(card):
    """What a module such as `torch.cuda` tells of the device."""
    random, free = card.random_state, card.free
    return {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "is_current_stream_capturing": lambda: False,
        "current_device": lambda: 0,
        "device": nullcontext,
        "empty_cache": lambda: None,
        "mem_get_info": lambda device=None: (free, free),
        "memory_reserved": lambda device=None: 0,
        "memory_allocated": lambda device=None: 0,
        "recommended_max_memory": lambda: free,
        "current_allocated_memory": lambda: 0,
        "manual_seed": random.manual_seed,
        "get_rng_state": lambda device=None: random.get_state(),
        "set_rng_state": lambda state, device=None: random.set_state(state),
    }
