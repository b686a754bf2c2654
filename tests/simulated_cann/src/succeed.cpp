// Names that torch_npu links or looks up and that have nothing to do here: each answers "success". The ACL headers
// are left out on purpose, because these are declared there with arguments nobody reads.
#define SUCCEEDS(name) \
  int name() { return 0; }

extern "C" {

SUCCEEDS(aclAppLog)
SUCCEEDS(aclmdlFinalizeDump)
SUCCEEDS(aclmdlInitDump)
SUCCEEDS(aclmdlSetDump)
SUCCEEDS(aclSetCompileopt)
SUCCEEDS(aclrtCtxSetSysParamOpt)
SUCCEEDS(aclrtGetSysParamOpt)
SUCCEEDS(aclrtSetSysParamOpt)
SUCCEEDS(aclrtSetDeviceSatMode)
SUCCEEDS(aclrtSetOpExecuteTimeOut)
SUCCEEDS(aclrtSetOpWaitTimeout)
SUCCEEDS(aclrtSetStreamFailureMode)
SUCCEEDS(aclrtSetStreamOverflowSwitch)
SUCCEEDS(aclrtGetStreamOverflowSwitch)
SUCCEEDS(aclrtSetStreamAttribute)
SUCCEEDS(aclrtDeviceEnablePeerAccess)
SUCCEEDS(aclrtDeviceGetBareTgid)
SUCCEEDS(aclrtProcessReport)
SUCCEEDS(aclrtSubscribeReport)
SUCCEEDS(aclrtUnSubscribeReport)

SUCCEEDS(MsprofGetHashId)
SUCCEEDS(MsprofRegisterCallback)
SUCCEEDS(MsprofReportAdditionalInfo)
SUCCEEDS(MsprofReportApi)
SUCCEEDS(MsprofReportCompactInfo)
SUCCEEDS(MsprofSysCycleTime)
SUCCEEDS(aclprofWarmup)
SUCCEEDS(aclprofSetConfig)
SUCCEEDS(aclprofRegisterDeviceCallback)
SUCCEEDS(halGetAPIVersion)
SUCCEEDS(HcclSetConfig)

}  // extern "C"

#undef SUCCEEDS

// Names that torch_npu links and that belong to features the simulator does not have. Each answers "API not supported"
// (ACL_ERROR_API_NOT_SUPPORT), so that using one is an error; "feature not supported" would only be a warning.
#define UNSUPPORTED(name) \
  int name() { return 200001; }

extern "C" {

UNSUPPORTED(aclrtBinaryGetFunction)
UNSUPPORTED(aclrtBinaryLoadFromData)
UNSUPPORTED(aclrtGetFunctionAddr)
UNSUPPORTED(aclrtMallocPhysical)
UNSUPPORTED(aclrtFreePhysical)
UNSUPPORTED(aclrtMapMem)
UNSUPPORTED(aclrtUnmapMem)
UNSUPPORTED(aclrtReserveMemAddress)
UNSUPPORTED(aclrtReleaseMemAddress)
UNSUPPORTED(aclrtMemExportToShareableHandle)
UNSUPPORTED(aclrtMemImportFromShareableHandle)
UNSUPPORTED(aclrtMemSetPidToShareableHandle)
UNSUPPORTED(rtDevBinaryRegister)
UNSUPPORTED(rtFunctionRegister)
UNSUPPORTED(rtGetC2cCtrlAddr)
UNSUPPORTED(rtKernelLaunch)

}  // extern "C"
