using Guardian.Refusals;

namespace Guardian.Sgx;

/// <summary>The reasons for which files of enclaves are refused.</summary>
public static class SgxReasons
{
    /// <summary>The file holds no enclave.</summary>
    public static readonly RefusalReason NoEnclave = new(
        "no-enclave", RefusalKind.Unverified,
        "The file is no SGXS stream, no SIGSTRUCT and no enclave signed by Intel's SDK, or it is damaged.");
}
