using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Verification;
using Guardian.Refusals;

namespace Guardian.Attestation.Tests.Synthetic;

/// <summary>
/// tests/vectors/dcap-negative: one failure per file, in a form that any verifier can read. The files' keys were destroyed; the explicit
/// test <c>Write_the_files</c> makes the files anew.
/// </summary>
public class NegativeVectorTests
{
    private static readonly string Folder = Repository.File("tests", "vectors", "dcap-negative");
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_is_refused_for_its_one_failure(string name)
    {
        var file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!;
        var collateral = CollateralFiles.TryUnpack(SyntheticPlatform.Utf8(file["collateral"]!.ToJsonString())).Value!;
        Refuse(
            name, new SyntheticEvidence(Convert.FromBase64String((string)file["quote"]!), collateral, (string)file["root"]!),
            DateTimeOffset.Parse((string)file["at"]!), (string)file["stage"]!, (string)file["reason"]!);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Made_anew_it_is_refused_as_well(string name)
    {
        var found = NegativeCases.All.Single(each => each.Name == name);
        Refuse(name, found.Build(), SyntheticPlatform.At, found.Stage.ToString(), found.Reason);
    }

    [Theory]
    [InlineData(TeeType.Sgx, 3, 1)]
    [InlineData(TeeType.Sgx, 4, 1)]
    [InlineData(TeeType.Sgx, 5, 1)]
    [InlineData(TeeType.Tdx, 4, 2)]
    [InlineData(TeeType.Tdx, 5, 2)]
    [InlineData(TeeType.Tdx, 5, 3)]
    [InlineData(TeeType.Tdx, 5, 4)]
    public void Unchanged_it_is_accepted(TeeType tee, ushort version, ushort bodyType)
    {
        using var platform = new SyntheticPlatform(tee, version, bodyType);
        var verdict = Verify(platform.Build(), SyntheticPlatform.At);
        Assert.True(verdict.Value is not null, verdict.Refusal?.ToString());
        Assert.Equal(TcbStatus.UpToDate, verdict.Value!.Tcb!.Status);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Attributes_of_control_flow_enforcement_are_shown_and_not_refused(ushort version)
    {
        using var platform = new SyntheticPlatform(version: version);
        (platform.Body[20], platform.QeReport[20]) = (0x2D, 1);
        var verdict = Verify(platform.Build(), SyntheticPlatform.At);
        Assert.True(verdict.Value is not null, verdict.Refusal?.ToString());
        Assert.Equal(0x2D, verdict.Value!.Report.CetAttributes);
    }

    [Theory]
    [InlineData("Intel SGX Root CA")]
    [InlineData("INTEL  SGX Root CA")]
    public void A_root_with_the_name_of_Intels_is_not_shown_as_Intels(string name)
    {
        using var platform = new SyntheticPlatform();
        platform.Root.Name = name;
        var evidence = platform.Build();
        var quote = Verify(evidence, SyntheticPlatform.At).Value!;
        // As it was, the certificate's own word was the root's name.
        Assert.Equal(name, CertificatePem.ReadAll(SyntheticPlatform.Utf8(evidence.Root), most: 1)[0]!.SubjectCommonName);
        Assert.Equal(("not Intel's: " + name, false), (quote.RootName, quote.IsRootIntel));
        using var key = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(evidence.Root);
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(key.PublicKey.ExportSubjectPublicKeyInfo())),
            quote.RootKeyHash);
        Assert.Equal(("Intel SGX Root CA", true), (TrustAnchor.Intel.Name, TrustAnchor.Intel.IsIntel));
        Assert.StartsWith("a0af0312", TrustAnchor.Intel.KeyHash, StringComparison.Ordinal);
    }

    [Fact]
    public void There_is_a_file_for_each_case() =>
        Assert.Equal(NegativeCases.All.Select(each => each.Name).Order(),
            Directory.GetFiles(Folder, "*.json").Select(Path.GetFileNameWithoutExtension).Order());

    [Fact(Explicit = true)]
    public void Write_the_files()
    {
        Directory.CreateDirectory(Folder);
        foreach (var each in NegativeCases.All)
        {
            var evidence = each.Build();
            var json = new JsonObject
            {
                ["name"] = each.Name, ["gain"] = each.Gain, ["verdict"] = "reject", ["stage"] = each.Stage.ToString(),
                ["reason"] = each.Reason,
                ["at"] = "2026-06-01T00:00:00Z", ["root"] = evidence.Root, ["quote"] = Convert.ToBase64String(evidence.Quote),
                ["collateral"] = JsonNode.Parse(CollateralFiles.Pack(evidence.Collateral)),
            };
            File.WriteAllText(Path.Combine(Folder, each.Name + ".json"), json.ToJsonString(Readable) + "\n");
        }
    }

    public static TheoryData<string> Names() => new(NegativeCases.All.Select(each => each.Name));

    private static void Refuse(string name, SyntheticEvidence evidence, DateTimeOffset at, string stage, string reason)
    {
        var failure = Verify(evidence, at).Refusal;
        Assert.True(failure is not null, $"{name} was accepted");
        Assert.Equal((stage, reason), (failure.Stage.ToString(), failure.Code));
    }

    private static Outcome<VerifiedQuote> Verify(SyntheticEvidence evidence, DateTimeOffset at) => QuoteVerifier.Verify(
        evidence.Quote, evidence.Collateral, at,
        new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] });
}
