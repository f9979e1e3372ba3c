namespace Guardian.Attestation.Launch;

/// <summary>
/// Guardian's enclave programs; the numbers are their ISVPRODID. A policy by signer that names a product accepts no other program of
/// that signer.
/// </summary>
public enum EnclaveProduct : ushort
{
    /// <summary><c>guardian-runtime</c>, which runs the programs of tenants.</summary>
    Runtime = 1,

    /// <summary><c>guardian-enclave</c>, the clean room.</summary>
    CleanRoom = 2,

    /// <summary><c>guardian-cas</c>.</summary>
    Cas = 3,

    /// <summary>A native program, which <c>guardian-premain</c> starts. Its owner signs it.</summary>
    Premain = 4,

    /// <summary><c>guardian-runtime</c> with one program as native code in its measurement. The program's owner signs it.</summary>
    CompiledProgram = 5,
}
