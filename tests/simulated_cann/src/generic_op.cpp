// The older operator interface (aclop): tensor descriptors, data buffers, attributes and one entry point that takes
// the operator's type by name. torch_npu uses it for operators without an aclnn pair.
#include "generic_op.h"

#include <acl/acl_op_compiler.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "kernel.h"

struct aclTensorDesc {
  sim::TensorInfo info;
  std::string name;
  const void* constant = nullptr;  // set for inputs whose value lies on the host
};

struct aclDataBuffer {
  void* data;
  size_t bytes;
};

struct aclopAttr {
  sim::Attributes values;
};

namespace sim {
namespace {

Tensor as_tensor(const aclTensorDesc* description, const aclDataBuffer* buffer) {
  return dense_tensor(description->info.dims, description->info.dtype, buffer->data);
}

}  // namespace
}  // namespace sim

extern "C" {

aclTensorDesc* aclCreateTensorDesc(aclDataType dtype, int rank, const int64_t* dims, aclFormat format) {
  return new aclTensorDesc{{sim::Dims(dims, dims + rank), dtype, format}, ""};
}
void aclDestroyTensorDesc(const aclTensorDesc* description) { delete description; }
void aclSetTensorDescName(aclTensorDesc* description, const char* name) { description->name = name; }
aclError aclSetTensorFormat(aclTensorDesc* description, aclFormat format) {
  return description->info.format = format, ACL_SUCCESS;
}
aclError aclSetTensorShape(aclTensorDesc*, int, const int64_t*) { return ACL_SUCCESS; }  // the storage shape
aclError aclSetTensorPlaceMent(aclTensorDesc*, aclMemType) { return ACL_SUCCESS; }
aclError aclSetTensorConst(aclTensorDesc* description, void* data, size_t) {
  return description->constant = data, ACL_SUCCESS;
}
aclDataType aclGetTensorDescType(const aclTensorDesc* description) { return description->info.dtype; }
aclFormat aclGetTensorDescFormat(const aclTensorDesc* description) { return description->info.format; }
size_t aclGetTensorDescNumDims(const aclTensorDesc* description) { return description->info.dims.size(); }
aclError aclGetTensorDescDimV2(const aclTensorDesc* description, size_t axis, int64_t* size) {
  return *size = description->info.dims.at(axis), ACL_SUCCESS;
}

aclDataBuffer* aclCreateDataBuffer(void* data, size_t bytes) { return new aclDataBuffer{data, bytes}; }
aclError aclDestroyDataBuffer(const aclDataBuffer* buffer) { return delete buffer, ACL_SUCCESS; }

aclopAttr* aclopCreateAttr() { return new aclopAttr(); }
void aclopDestroyAttr(const aclopAttr* attributes) { delete attributes; }
aclError aclopSetAttrBool(aclopAttr* attributes, const char* name, uint8_t value) {
  return attributes->values.numbers[name] = {static_cast<double>(value)}, ACL_SUCCESS;
}
aclError aclopSetAttrInt(aclopAttr* attributes, const char* name, int64_t value) {
  return attributes->values.numbers[name] = {static_cast<double>(value)}, ACL_SUCCESS;
}
aclError aclopSetAttrFloat(aclopAttr* attributes, const char* name, float value) {
  return attributes->values.numbers[name] = {value}, ACL_SUCCESS;
}
aclError aclopSetAttrDataType(aclopAttr* attributes, const char* name, aclDataType value) {
  return attributes->values.numbers[name] = {static_cast<double>(value)}, ACL_SUCCESS;
}
aclError aclopSetAttrListInt(aclopAttr* attributes, const char* name, int n, const int64_t* values) {
  return attributes->values.numbers[name].assign(values, values + n), ACL_SUCCESS;
}
aclError aclopSetAttrListFloat(aclopAttr* attributes, const char* name, int n, const float* values) {
  return attributes->values.numbers[name].assign(values, values + n), ACL_SUCCESS;
}
aclError aclopSetAttrListBool(aclopAttr* attributes, const char* name, int n, const uint8_t* values) {
  return attributes->values.numbers[name].assign(values, values + n), ACL_SUCCESS;
}
aclError aclopSetAttrListListInt(aclopAttr*, const char*, int, const int*, const int64_t* const[]) {
  return ACL_ERROR_API_NOT_SUPPORT;
}
aclError aclopSetAttrString(aclopAttr* attributes, const char* name, const char* value) {
  return attributes->values.texts[name] = value, ACL_SUCCESS;
}

aclError aclopCompileAndExecute(const char* type, int inputs_n, const aclTensorDesc* const inputs[],
                                const aclDataBuffer* const input_buffers[], int outputs_n,
                                const aclTensorDesc* const outputs[], aclDataBuffer* const output_buffers[],
                                const aclopAttr* attributes, aclopEngineType, aclopCompileType, const char*,
                                aclrtStream stream) {
  auto found = sim::generic_operators().find(type);
  if (found == sim::generic_operators().end())
    return sim::fail(ACL_ERROR_API_NOT_SUPPORT, std::string("no operator of type ") + type);
  sim::GenericCall call;
  if (attributes != nullptr) call.attributes = attributes->values;
  for (int i = 0; i < inputs_n; ++i) call.inputs.push_back(sim::as_tensor(inputs[i], input_buffers[i]));
  for (int i = 0; i < outputs_n; ++i) call.outputs.push_back(sim::as_tensor(outputs[i], output_buffers[i]));
  return sim::run(type, found->second(call), stream);
}

aclError aclopCompileAndExecuteV2(const char* type, int inputs_n, aclTensorDesc* inputs[],
                                  aclDataBuffer* input_buffers[], int outputs_n, aclTensorDesc* outputs[],
                                  aclDataBuffer* output_buffers[], aclopAttr* attributes, aclopEngineType engine,
                                  aclopCompileType compile, const char* path, aclrtStream stream) {
  return aclopCompileAndExecute(type, inputs_n, inputs, input_buffers, outputs_n, outputs, output_buffers, attributes,
                                engine, compile, path, stream);
}

}  // extern "C"
