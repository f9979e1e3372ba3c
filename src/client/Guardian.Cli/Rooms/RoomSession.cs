using System.Security.Cryptography;
using Guardian.Attestation.Policy;
using Guardian.Cas.Client.Sessions;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Output;
using Guardian.Refusals;

namespace Guardian.Cli.Rooms;

/// <summary>
/// Checks the session that a contract names, before data is sent: the room's key must stay in the enclave that the contract names, for
/// ever. The text may come from anybody, because the contract has its hash.
/// </summary>
internal static class RoomSession
{
    private const string KeyVariable = "ROOM_KEY";

    /// <summary>Whether a text is the session that a contract names.</summary>
    public static bool IsOf(RoomContract contract, ReadOnlySpan<byte> text) =>
        Format.Hex(SHA256.HashData(text)) == contract.Cas.SessionHash;

    /// <summary>Checks the text of a session.</summary>
    /// <exception cref="RefusedException">It is another session, or the room's key could leave the enclave.</exception>
    public static void Require(RoomContract contract, byte[] text)
    {
        var hash = Format.Hex(SHA256.HashData(text));
        if (hash != contract.Cas.SessionHash)
        {
            throw CliReasons.OtherSession.Refuse(
                "the session is not the one that the members agreed on",
                problems: [$"found {hash}", $"expected {contract.Cas.SessionHash}"]);
        }
        var (session, refusal) = SessionDocument.Read(text);
        if (session is null)
        {
            throw CliReasons.BadSession.Refuse("the session that the contract names is not valid", problems: refusal!.Problems);
        }
        var service = contract.Cas.Session[(contract.Cas.Session.LastIndexOf('/') + 1)..];
        var problem = session.FindLeak(service, KeyVariable)
            ?? FindStranger(session.Policies.Single().Policy, contract.Enclave);
        if (problem is not null)
        {
            throw CliReasons.OpenSession.Refuse($"the room's key could leave the enclave: {problem}");
        }
    }

    // The session admits no enclave that the contract would not.
    private static string? FindStranger(AttestationPolicy session, AttestationPolicy contract)
    {
        var isWithin = session.Identities.All(identity => contract.Identities.Any(each => IsWithin(identity, each)))
            && session.Platforms.All(contract.Platforms.Contains)
            && (!session.AllowDebug || contract.AllowDebug)
            && session.Statuses.All(contract.Statuses.Contains)
            && session.IgnoredAdvisories.All(each => contract.IgnoredAdvisories.Contains(each, StringComparer.OrdinalIgnoreCase))
            && session.Grace <= contract.Grace
            && session.MinimumEvaluation >= contract.MinimumEvaluation;
        return isWithin ? null : "the session gives it to enclaves or platforms that the contract does not accept";
    }

    private static bool IsWithin(AcceptedIdentity inner, AcceptedIdentity outer) =>
        (outer.MrEnclaves.Count == 0 || (inner.MrEnclaves.Count > 0 && inner.MrEnclaves.All(outer.MrEnclaves.Contains)))
        && (outer.MrSigner is null || outer.MrSigner == inner.MrSigner)
        && (outer.IsvProdId is null || outer.IsvProdId == inner.IsvProdId)
        && (outer.MinimumIsvSvn is null || inner.MinimumIsvSvn >= outer.MinimumIsvSvn)
        && (outer.ConfigId.IsEmpty || outer.ConfigId.Span.SequenceEqual(inner.ConfigId.Span))
        && inner.TrustDomain is null && outer.TrustDomain is null;
}
