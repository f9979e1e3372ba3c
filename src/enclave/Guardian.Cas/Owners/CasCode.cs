using Guardian.Attestation.Policy;
using Guardian.Sgx.Measurement;

namespace Guardian.Cas.Owners;

/// <summary>The code of a CAS.</summary>
internal static class CasCode
{
    /// <summary>Extends a policy by code that the owners approved.</summary>
    /// <param name="replicas">The policy for the same code.</param>
    /// <param name="approved">MRENCLAVE of the approved code, hex.</param>
    /// <exception cref="InvalidDataException">One of them is not an MRENCLAVE.</exception>
    public static AttestationPolicy With(AttestationPolicy replicas, IReadOnlyList<string> approved) => approved.Count == 0
        ? replicas
        : replicas with { Identities = [.. replicas.Identities, new AcceptedIdentity { MrEnclaves = [.. approved.Select(Parse)] }] };

    private static MrEnclave Parse(string hex) => MrEnclave.TryParse(hex, out var value)
        ? value
        : throw new InvalidDataException($"'{hex}' in the log is not an MRENCLAVE");
}
