using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Guardian.Attestation.Quotes;
using Stage = Guardian.Attestation.Quotes.QuoteStage;

namespace Guardian.Attestation.Tests.Synthetic;

/// <summary>A platform with one fault.</summary>
/// <param name="Name">The name of the case and of its file.</param>
/// <param name="Stage">The stage of the refusal.</param>
/// <param name="Reason">The code of the refusal.</param>
/// <param name="Gain">An attacker's gain if the fault were accepted.</param>
/// <param name="Change">Makes the fault.</param>
internal sealed record NegativeCase(string Name, Stage Stage, string Reason, string Gain, Action<SyntheticPlatform> Change)
{
    public TeeType Tee { get; init; } = TeeType.Sgx;

    public ushort Version { get; init; } = 3;

    public ushort BodyType { get; init; } = 1;

    public SyntheticEvidence Build()
    {
        using var platform = new SyntheticPlatform(Tee, Version, BodyType);
        Change(platform);
        return platform.Build();
    }
}

/// <summary>One fault each; everything else is good. <see cref="NegativeVectorTests"/> writes them as files.</summary>
internal static class NegativeCases
{
    private const string AnyEnclave = "any enclave of the attacker's passes for any other";
    private const string AnyPlatform = "a platform whose keys leaked passes for a sound one";
    private const string OldPlatform = "a platform with known holes passes for a current one";

    private static readonly DateTimeOffset Past = SyntheticPlatform.At.AddSeconds(-1);
    private static readonly DateTimeOffset Future = SyntheticPlatform.At.AddSeconds(1);

    public static IReadOnlyList<NegativeCase> All { get; } =
    [
        .. Chain(), .. Evidence(), .. Documents(), .. Lists(), .. Levels(),
    ];

    private static IEnumerable<NegativeCase> Chain() =>
    [
        new("chain-pck-signed-by-stranger", Stage.CertificateChain, "bad-signature", AnyEnclave, on => on.Pck.SignedBy = on.NewKey()),
        new("chain-pck-signed-by-root", Stage.CertificateChain, "bad-signature", "revocation by the issuing CA's list is evaded",
            on => on.Pck.SignedBy = on.Root.Key),
        new("chain-pck-issued-by-another-name", Stage.CertificateChain, "wrong-issuer", "revocation by the issuing CA's list is evaded",
            on => on.Pck.Issuer = new CertificateShape("Synthetic SGX PCK Processor CA", on.Authority.Key)),
        new("chain-pck-is-authority", Stage.CertificateChain, "wrong-use", "a PCK makes more PCKs", on => on.Pck.IsAuthority = true),
        new("chain-pck-wrong-name", Stage.CertificateChain, "wrong-name", "another certificate of Intel's passes for a PCK",
            on => on.Pck.Name = "Synthetic SGX Something"),
        new("chain-pck-sha384", Stage.CertificateChain, "bad-signature", "an algorithm nobody reviewed",
            on => on.Pck.Hash = HashAlgorithmName.SHA384),
        new("chain-pck-unknown-critical", Stage.CertificateChain, "wrong-use", "a restriction of Intel's is ignored",
            on => { on.Pck.Extensions["1.2.3.4"] = [5, 0]; on.Pck.AreExtensionsCritical = true; }),
        new("chain-pck-expired", Stage.CertificateChain, "expired", AnyPlatform, on => on.Pck.NotAfter = Past),
        new("chain-pck-future", Stage.CertificateChain, "not-yet-valid", AnyPlatform, on => on.Pck.NotBefore = Future),
        new("chain-pck-no-tcb", Stage.CertificateChain, "bad-pck", OldPlatform,
            on => on.Pck.Extensions[PckFields.Oid] = (Fields() with { Omitted = "2" }).Write()),
        new("chain-pck-no-component-16", Stage.CertificateChain, "bad-pck", OldPlatform,
            on => on.Pck.Extensions[PckFields.Oid] = (Fields() with { Omitted = "2.16" }).Write()),
        new("chain-pck-no-pceid", Stage.CertificateChain, "bad-pck", "TCB info of another PCE is applied",
            on => on.Pck.Extensions[PckFields.Oid] = (Fields() with { Omitted = "3" }).Write()),
        new("chain-pck-p384", Stage.CertificateChain, "bad-key", "an algorithm nobody reviewed",
            on => { on.QeSigner = on.Pck.Key; on.Pck.Key = on.NewKey(ECCurve.NamedCurves.nistP384); }),
        new("chain-issuer-not-authority", Stage.CertificateChain, "wrong-use", "any certificate of Intel's makes PCKs",
            on => on.Authority.IsAuthority = false),
        new("chain-issuer-may-not-sign", Stage.CertificateChain, "wrong-use", "any certificate of Intel's makes PCKs",
            on => on.Authority.Usage = X509KeyUsageFlags.CrlSign),
        new("chain-issuer-signed-by-stranger", Stage.CertificateChain, "bad-signature", AnyEnclave,
            on => on.Authority.SignedBy = on.NewKey()),
        new("chain-issuer-expired", Stage.CertificateChain, "expired", AnyPlatform, on => on.Authority.NotAfter = Past),
        new("chain-root-expired", Stage.CertificateChain, "expired", AnyPlatform, on => on.Root.NotAfter = Past),
        new("chain-root-not-self-signed", Stage.CertificateChain, "bad-signature", "a root whose dates an attacker wrote",
            on => on.Root.SignedBy = on.NewKey()),
        new("chain-leaf-twice", Stage.CertificateChain, "unknown-root", AnyEnclave,
            on => on.Chain = chain => chain[0] + chain[0] + chain[1]),
        new("chain-four-certificates", Stage.CertificateChain, "bad-chain", "a longer chain than Intel's",
            on => on.Chain = chain => chain[0] + chain[1] + chain[2] + chain[2]),
    ];

    private static IEnumerable<NegativeCase> Evidence() =>
    [
        new("quote-qe-signed-by-stranger", Stage.QuotingEnclave, "bad-qe-signature", AnyEnclave, on => on.QeSigner = on.NewKey()),
        new("quote-qe-signed-by-attestation-key", Stage.QuotingEnclave, "bad-qe-signature", AnyEnclave,
            on => on.QeSigner = on.AttestationKey),
        new("quote-binding-of-another-key", Stage.KeyBinding, "key-not-bound", AnyEnclave, on => on.Binding = report => report[320] ^= 1),
        new("quote-binding-with-a-tail", Stage.KeyBinding, "key-not-bound", "report data that means something else passes for a binding",
            on => on.Binding = report => report[383] = 1),
        new("quote-qe-of-another-signer", Stage.QuotingEnclave, "unknown-qe", AnyEnclave, on => on.QeReport[128] ^= 1),
        new("quote-qe-of-another-product", Stage.QuotingEnclave, "unknown-qe", "another enclave of Intel's signs quotes",
            on => on.QeReport[256] = 9),
        new("quote-qe-debug", Stage.QuotingEnclave, "unknown-qe", AnyEnclave, on => on.QeReport[48] |= 2),
        new("quote-qe-misc-select", Stage.QuotingEnclave, "unknown-qe", "a quoting enclave that reports its faults to the host",
            on => on.QeReport[16] = 1),
        new("quote-report-reserved-bytes", Stage.Parse, "reserved-not-zero", "a field of a later processor is overlooked",
            on => on.Body[21] = 1),
        new("quote-td-module-of-another-signer", Stage.QuotingEnclave, "unknown-tdx-module", "a TDX module of the attacker's",
            on => on.Body[64] = 1) { Tee = TeeType.Tdx, Version = 4, BodyType = 2 },
        new("quote-td-module-attributes", Stage.QuotingEnclave, "unknown-tdx-module", "a TDX module for debugging",
            on => on.Body[112] = 1) { Tee = TeeType.Tdx, Version = 5, BodyType = 3 },
        new("quote-td-module-unknown", Stage.Tcb, "not-supported", OldPlatform,
            on => on.Body[1] = 2) { Tee = TeeType.Tdx, Version = 4, BodyType = 2 },
        new("quote-td-module-too-old", Stage.Tcb, "not-supported", OldPlatform,
            on => on.Body[0] = 1) { Tee = TeeType.Tdx, Version = 4, BodyType = 2 },
        new("quote-td-component-too-old", Stage.Tcb, "not-supported", OldPlatform,
            on => on.Body[2] = 0) { Tee = TeeType.Tdx, Version = 4, BodyType = 2 },
    ];

    private static IEnumerable<NegativeCase> Documents()
    {
        (string, Func<SyntheticPlatform, DocumentShape>)[] documents =
            [("tcb-info", on => on.TcbInfo), ("qe-identity", on => on.QeIdentity)];
        foreach (var (kind, pick) in documents)
        {
            var malformed = $"bad-{kind}";
            yield return new($"{kind}-signed-by-stranger", Stage.Collateral, $"bad-{kind}-signature", OldPlatform,
                on => pick(on).SignedBy = on.NewKey());
            yield return new($"{kind}-signed-by-root", Stage.Collateral, $"bad-{kind}-signature", OldPlatform,
                on => pick(on).SignedBy = on.Root.Key);
            yield return new($"{kind}-changed", Stage.Collateral, $"bad-{kind}-signature", OldPlatform,
                on => pick(on).Damage = text => text.Replace("OutOfDate", "UpToDate", StringComparison.Ordinal));
            yield return new($"{kind}-space-added", Stage.Collateral, $"bad-{kind}-signature", "a document that was signed as another",
                on => pick(on).Damage = text => text.Replace("\"version\":", "\"version\": ", StringComparison.Ordinal));
            yield return new($"{kind}-expired", Stage.Collateral, "expired", OldPlatform,
                on => pick(on).Content["nextUpdate"] = "2026-05-31T23:59:59Z");
            yield return new($"{kind}-future", Stage.Collateral, "not-yet-valid", "a document that Intel may yet take back",
                on => pick(on).Content["issueDate"] = "2026-06-01T00:00:01Z");
            yield return new($"{kind}-unknown-status", Stage.Collateral, malformed, OldPlatform,
                on => pick(on).Content["tcbLevels"]![0]!["tcbStatus"] = "FairlyFine");
            yield return new($"{kind}-status-in-other-case", Stage.Collateral, malformed, OldPlatform,
                on => pick(on).Content["tcbLevels"]![0]!["tcbStatus"] = "uptodate");
            yield return new($"{kind}-unknown-version", Stage.Collateral, malformed, "rules of a later version are not known",
                on => pick(on).Content["version"] = 9);
            yield return new($"{kind}-member-twice", Stage.Collateral, malformed, "one reader checks what another ignores",
                on => pick(on).Write = text =>
                    text.Replace("\"version\":", "\"tcbEvaluationDataNumber\":99,\"version\":", StringComparison.Ordinal));
            yield return new($"{kind}-date-of-another-form", Stage.Collateral, malformed, OldPlatform,
                on => pick(on).Content["nextUpdate"] = "06/19/2099");
            yield return new($"{kind}-without-levels", Stage.Tcb, "not-supported", OldPlatform,
                on => pick(on).Content["tcbLevels"] = new JsonArray());
        }
        yield return new("tcb-info-of-another-platform", Stage.Collateral, "wrong-fmspc", OldPlatform,
            on => on.TcbInfo.Content["fmspc"] = "00606A000001");
        yield return new("tcb-info-of-another-pce", Stage.Collateral, "wrong-pceid", OldPlatform,
            on => on.TcbInfo.Content["pceId"] = "0100");
        yield return new("tcb-info-of-another-type", Stage.Collateral, "bad-tcb-info", "levels are compared by rules that are not known",
            on => on.TcbInfo.Content["tcbType"] = 1);
        yield return new("tcb-info-fifteen-components", Stage.Collateral, "bad-tcb-info", OldPlatform,
            on => on.TcbInfo.Content["tcbLevels"]![0]!["tcb"]!["sgxtcbcomponents"]!.AsArray().RemoveAt(15));
        yield return new("tcb-info-of-sgx", Stage.Collateral, "wrong-tcb-info", OldPlatform,
            on => on.TcbInfo.Content["id"] = "SGX") { Tee = TeeType.Tdx, Version = 4, BodyType = 2 };
        yield return new("qe-identity-of-qve", Stage.Collateral, "wrong-qe-identity", "another enclave of Intel's signs quotes",
            on => on.QeIdentity.Content["id"] = "QVE");
        yield return new("signer-of-another-role", Stage.Collateral, "wrong-name", "a platform writes its own TCB info",
            on => on.Signer.Name = "Synthetic SGX PCK Certificate");
        yield return new("signer-signed-by-stranger", Stage.Collateral, "bad-signature", OldPlatform,
            on => on.Signer.SignedBy = on.NewKey());
        yield return new("signer-signed-by-pck-issuer", Stage.Collateral, "bad-signature", OldPlatform,
            on => on.Signer.SignedBy = on.Authority.Key);
        yield return new("signer-expired", Stage.Collateral, "expired", OldPlatform, on => on.Signer.NotAfter = Past);
    }

    private static IEnumerable<NegativeCase> Lists()
    {
        (string, Func<SyntheticPlatform, ListShape>)[] lists = [("root-list", on => on.RootList), ("pck-list", on => on.PckList)];
        foreach (var (kind, pick) in lists)
        {
            yield return new($"{kind}-absent", Stage.Collateral, "missing-crl", AnyPlatform, on => pick(on).IsAbsent = true);
            yield return new($"{kind}-signed-by-stranger", Stage.Collateral, "bad-crl-signature", AnyPlatform,
                on => pick(on).SignedBy = on.NewKey());
            yield return new($"{kind}-signed-by-pck", Stage.Collateral, "bad-crl-signature", AnyPlatform,
                on => pick(on).SignedBy = on.Pck.Key);
            yield return new($"{kind}-of-another-issuer", Stage.Collateral, "wrong-crl", AnyPlatform, on => pick(on).Issuer = on.Signer);
            yield return new($"{kind}-expired", Stage.Collateral, "expired", AnyPlatform, on => pick(on).NextUpdate = Past);
            yield return new($"{kind}-future", Stage.Collateral, "not-yet-valid", AnyPlatform, on => pick(on).ThisUpdate = Future);
            yield return new($"{kind}-cut", Stage.Collateral, "bad-crl", AnyPlatform, on => pick(on).Damage = list => list[..^1]);
            yield return new($"{kind}-with-a-tail", Stage.Collateral, "bad-crl", AnyPlatform,
                on => pick(on).Damage = list => [.. list, 5, 0]);
        }
        yield return new("pck-list-issuer-may-not-sign-lists", Stage.Collateral, "wrong-use", AnyPlatform,
            on => on.Authority.Usage = X509KeyUsageFlags.KeyCertSign);
        yield return new("revoked-pck", Stage.Revocation, "revoked", AnyPlatform, on => on.PckList.Revoked.Add(on.Pck));
        yield return new("revoked-issuer", Stage.Revocation, "revoked", AnyPlatform, on => on.RootList.Revoked.Add(on.Authority));
        yield return new("revoked-signer", Stage.Revocation, "revoked", OldPlatform, on => on.RootList.Revoked.Add(on.Signer));
    }

    private static IEnumerable<NegativeCase> Levels() =>
    [
        new("level-component-too-low", Stage.Tcb, "not-supported", OldPlatform,
            on => on.Pck.Extensions[PckFields.Oid] =
                (Fields() with { Components = [1, 11, 2, 2, 255, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0] }).Write()),
        new("level-pcesvn-too-low", Stage.Tcb, "not-supported", OldPlatform,
            on => on.Pck.Extensions[PckFields.Oid] = (Fields() with { PceSvn = 4 }).Write()),
        new("level-platform-revoked", Stage.Tcb, "revoked", OldPlatform,
            on => on.TcbInfo.Content["tcbLevels"]![0]!["tcbStatus"] = "Revoked"),
        new("level-qe-revoked", Stage.Tcb, "revoked", OldPlatform, on => on.QeReport[258] = 3),
        new("level-qe-too-old", Stage.Tcb, "not-supported", OldPlatform, on => on.QeReport[258] = 1),
        new("level-td-module-revoked", Stage.Tcb, "revoked", OldPlatform,
            on => on.TcbInfo.Content["tdxModuleIdentities"]![0]!["tcbLevels"]![0]!["tcbStatus"] = "Revoked")
        {
            Tee = TeeType.Tdx, Version = 4, BodyType = 2,
        },
    ];

    private static PckFields Fields() => new(SyntheticPlatform.Components, 13, [0x00, 0x60, 0x6A, 0, 0, 0], [0, 0]);
}
