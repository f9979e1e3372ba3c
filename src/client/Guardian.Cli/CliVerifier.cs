using Guardian.Attestation.Verification;
using Guardian.Cli.Commands;

namespace Guardian.Cli;

/// <summary>The verifier of every command that talks to an enclave or reads its statements.</summary>
internal static class CliVerifier
{
    /// <summary>Knows the roots of this build, and the collateral that <c>guardian quote collateral fetch</c> stored.</summary>
    public static EvidenceVerifier Default { get; } = new(BuiltPlatforms.Support.Anchors, CollateralCommands.Store(null));
}
