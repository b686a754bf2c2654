"""How a model team marks its tests.

The tolerance is wide because this suite runs on shared hosts, whose processes differ by 8 to 27 % on identical code.
On a machine of your own, leave it out and let the default of 5 % stand.
"""

import pytest
import torch
from models import Attention, ConvStack, MlpBlock

pytestmark = pytest.mark.npu_perf(tolerance=0.5, threads=1)


@pytest.fixture(autouse=True)
def inference():
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


def test_mlp_block(npu_perf):
    block = MlpBlock().to(npu_perf.device).eval()
    x = torch.randn(64, 256, device=npu_perf.device)
    out = npu_perf(block, x)  # measured; gives what block(x) returns
    assert out.shape == x.shape  # still an ordinary test


def test_attention(npu_perf):
    attention = Attention().to(npu_perf.device).eval()
    prompt = torch.randn(1, 128, 256, device=npu_perf.device)
    token = prompt[:, -1:]
    assert npu_perf.case("prefill")(attention, prompt).shape == prompt.shape
    assert npu_perf.case("decode")(attention, token).shape == token.shape


@pytest.fixture(scope="module")
def conv_stack(npu_perf_device):
    device = npu_perf_device.torch_name
    return ConvStack().to(device).eval(), torch.randn(2, 3, 48, 48, device=device)


def test_conv_stack(conv_stack):  # no npu_perf fixture: the whole body is the measured call
    model, images = conv_stack
    assert model(images).shape == (2, 16, 48, 48)  # looking at values would make the host wait for the device
