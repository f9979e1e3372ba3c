using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Guardian.Attestation.Policy;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Documents;
using Guardian.Policies;

namespace Guardian.Attestation.Tests.Policy;

/// <summary>
/// Every key of the policy language: a quote whose every signature holds is accepted with one value of the key, and refused with another
/// value of this key alone. A key that the parser knows and that has no case here fails the test.
/// </summary>
public partial class PolicyKeyTests
{
    private const string Hardware = "platforms: [hardware]\n";
    private static readonly string Enclave = $"attestation: [{{mrenclave: [{Hex(1, 64)}]}}]\n";

    private static readonly Case[] Cases =
    [
        new("mrenclave", "identity", $"attestation: [{{mrenclave: [{Hex(1, 64)}]}}]", $"attestation: [{{mrenclave: [{Hex(2, 64)}]}}]"),
        new("signer.mrsigner", "identity", Signer(Hex(2, 64), 1, 7), Signer(Hex(1, 64), 1, 7)),
        new("signer.isvprodid", "identity", Signer(Hex(2, 64), 1, 7), Signer(Hex(2, 64), 2, 7)),
        new("signer.isvsvn_min", "identity", Signer(Hex(2, 64), 1, 7), Signer(Hex(2, 64), 1, 8)),
        new("signer.isvsvn_max", "identity", Signer(Hex(2, 64), 1, 1, 7), Signer(Hex(2, 64), 1, 1, 6)),
        new("configid", "identity", Config(0), Config(1)),
        new("platforms", "platform", Enclave + Hardware, Enclave + "platforms: [simulated]"),
        new("debug", "debug", Enclave + "debug: true", Enclave + "debug: false") { Change = each => each.Body[48] |= 2 },
        new("tcb.statuses", "tcb", Tcb("statuses: [UpToDate]"), Tcb("statuses: [OutOfDate]")),
        new("tcb.evaluation_min", "evaluation", Tcb("evaluation_min: 20"), Tcb("evaluation_min: 21")),
        new("tcb.ignored_advisories", "tcb",
            Tcb("ignored_advisories: [INTEL-SA-00615]"), Tcb("ignored_advisories: [INTEL-SA-00657]"))
        {
            Change = each =>
            {
                var level = each.TcbInfo.Content["tcbLevels"]![0]!;
                (level["tcbStatus"], level["advisoryIDs"]) = ("SWHardeningNeeded", new JsonArray("INTEL-SA-00615"));
            },
        },
        new("tcb.grace_days", "tcb", Tcb("grace_days: 30"), Tcb("grace_days: 10"))
        {
            Change = each => each.SetPlatformLevels("UpToDate", "2025-11-12", "2026-05-15"),
        },
        OfDomain("mrtd", Hex(3, 96), Hex(4, 96)),
        OfDomain("rtmr0", Hex(3, 96), Hex(4, 96)),
        OfDomain("rtmr1", Hex(3, 96), Hex(4, 96)),
        OfDomain("rtmr2", Hex(3, 96), Hex(4, 96)),
        OfDomain("rtmr3", Hex(3, 96), Hex(4, 96)),
        OfDomain("mrseam", Hex(3, 96), Hex(4, 96)),
        OfDomain("tdattributes", "0x10000000", "0x50000000"),
        OfDomain("xfam", "0x3333333333333333", "0x3"),
        OfDomain("mrconfigid", Hex(3, 96), Hex(4, 96)),
        OfDomain("mrowner", Hex(3, 96), Hex(4, 96)),
        OfDomain("mrownerconfig", Hex(3, 96), Hex(4, 96)),
    ];

    // For each map of the language, a document with a key that does not exist; the problem then names those that do.
    private static readonly (string Prefix, string Document)[] Maps =
    [
        ("", Enclave + "zzz: 1"),
        ("", $"attestation: [{{mrenclave: [{Hex(1, 64)}], zzz: 1}}]"),
        ("", $"attestation: [{{mrtd: [{Hex(3, 96)}], zzz: 1}}]"),
        ("signer.", $"attestation: [{{signer: {{mrsigner: {Hex(2, 64)}, isvprodid: 1, isvsvn_min: 1, zzz: 1}}}}]"),
        ("tcb.", Enclave + "tcb: {zzz: 1}"),
    ];

    public static TheoryData<string> Keys() => new(Cases.Select(each => each.Key));

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_key_refuses_what_it_must_refuse(string key)
    {
        var found = Cases.Single(each => each.Key == key);
        using var platform = new SyntheticPlatform(found.Tee, 4);
        found.Change?.Invoke(platform);
        var quote = platform.Verified();
        IEnumerable<string> Refused(string text) =>
            Read(text).Appraise(quote).Checks.Where(check => !check.Passed).Select(check => check.Rule);
        Assert.Empty(Refused(found.Accepting));
        Assert.Equal([found.Rule], Refused(found.Refusing));
    }

    [Fact]
    public void Every_key_that_the_parser_knows_has_a_case()
    {
        // The keys that hold a map of other keys.
        string[] maps = ["attestation", "signer", "tcb"];
        var known = Maps.SelectMany(map => KnownKeys(map.Document).Select(key => map.Prefix + key));
        Assert.Equal(Cases.Select(each => each.Key).Concat(maps).Order(), known.Distinct().Order());
    }

    private static string[] KnownKeys(string document)
    {
        var problems = new DocumentProblems();
        Read(document, problems);
        return KnownList().Match(Assert.Single(problems.Items).Message).Groups[1].Value.Split(", ");
    }

    [GeneratedRegex("known are (.+)$")]
    private static partial Regex KnownList();

    private static AttestationPolicy Read(string text)
    {
        var problems = new DocumentProblems();
        var policy = Read(text, problems);
        Assert.Empty(problems.Items);
        return policy;
    }

    private static AttestationPolicy Read(string text, DocumentProblems problems)
    {
        var map = YamlDocument.Read(Encoding.UTF8.GetBytes(text), problems)!;
        var policy = PolicyReader.Read(map, allowVirtualMachines: true);
        map.End();
        return policy;
    }

    private static string Hex(int digit, int count) => new((char)('0' + digit), count);

    private static string Signer(string signer, int product, int version, int? most = null) =>
        $"attestation: [{{signer: {{mrsigner: {signer}, isvprodid: {product}, isvsvn_min: {version}"
        + $"{(most is null ? "" : $", isvsvn_max: {most}")}}}}}]";

    private static string Config(int digit) => $"attestation: [{{mrenclave: [{Hex(1, 64)}], configid: {Hex(digit, 128)}}}]";

    private static string Tcb(string members) => $"{Enclave}tcb: {{{members}}}";

    private static Case OfDomain(string key, string accepted, string refused)
    {
        string Document(string value) =>
            $"attestation: [{{{(key == "mrtd" ? "" : $"mrtd: [{Hex(3, 96)}], ")}{key}: [{value}]}}]";
        return new Case(key, "identity", Document(accepted), Document(refused)) { Tee = TeeType.Tdx };
    }

    private sealed record Case(string Key, string Rule, string Accepting, string Refusing)
    {
        public TeeType Tee { get; init; } = TeeType.Sgx;

        public Action<SyntheticPlatform>? Change { get; init; }
    }
}
