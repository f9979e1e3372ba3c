using System.Net;
using Guardian.Attestation.Collateral;
using Guardian.Attestation.Keeping;
using Guardian.Attestation.Pki;
using Guardian.Attestation.Quotes;
using Guardian.Attestation.Tests.Synthetic;
using Guardian.Attestation.Verification;

namespace Guardian.Attestation.Tests.Keeping;

/// <summary>Stored collateral is renewed from several services, only by what is signed, current, of the platform and newer.</summary>
public sealed class CollateralUpdaterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SyntheticPlatform platform = new();
    private readonly PlatformId id;
    private readonly VerifierOptions options;

    public CollateralUpdaterTests()
    {
        var evidence = platform.Build();
        id = PlatformId.Of(Quote.TryParse(evidence.Quote).Value!)!;
        options = new VerifierOptions { Anchors = [TrustAnchor.FromCertificate(SyntheticPlatform.Utf8(evidence.Root))!] };
    }

    private static DateTimeOffset At => SyntheticPlatform.At;

    public void Dispose()
    {
        platform.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task The_next_service_is_asked_when_one_fails_and_a_service_that_wants_rest_is_left_alone()
    {
        using var first = new PretendedService("first") { Failure = HttpStatusCode.ServiceUnavailable, RetryAfter = "600" };
        using var second = new PretendedService("second") { Collateral = platform.Build().Collateral };
        var updater = Updater(first, second);
        Assert.NotNull((await UpdateAsync(updater, At)).Value!.Path);
        var asked = first.Requests.Count;

        // Nothing newer is there, and the first service rests.
        Assert.Null((await UpdateAsync(updater, At.AddMinutes(9))).Value!.Path);
        Assert.Equal(asked, first.Requests.Count);
        second.Failure = HttpStatusCode.BadGateway;
        var refusal = (await UpdateAsync(updater, At.AddMinutes(9))).Refusal!;
        Assert.Equal(KeepingReasons.Unreachable, refusal.Reason);
        Assert.Contains("left alone until", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains("answered 502", Assert.Single(refusal.Problems), StringComparison.Ordinal);

        (first.Failure, first.Collateral) = (null, platform.Build().Collateral);
        Assert.Null((await UpdateAsync(updater, At.AddMinutes(11))).Value!.Path);
        Assert.True(first.Requests.Count > asked);
    }

    [Fact]
    public async Task A_wait_of_years_is_cut_to_hours()
    {
        using var service = new PretendedService { Failure = HttpStatusCode.TooManyRequests, RetryAfter = "99999999" };
        var updater = Updater(service);
        Assert.Equal(KeepingReasons.Unreachable, (await UpdateAsync(updater, At)).Refusal!.Reason);
        (service.Failure, service.Collateral) = (null, platform.Build().Collateral);
        Assert.NotNull((await UpdateAsync(updater, At.AddHours(7))).Value);
    }

    [Theory]
    [InlineData("tcb-number")]
    [InlineData("qe-number")]
    [InlineData("issue-date")]
    [InlineData("crl-number")]
    public async Task Older_collateral_replaces_nothing(string what)
    {
        platform.PckList.Number = 7;
        using var service = new PretendedService { Collateral = platform.Build().Collateral };
        var updater = Updater(service);
        Assert.NotNull((await UpdateAsync(updater, At)).Value!.Path);

        // Everything else is newer, so a comparison of that alone would store it.
        platform.TcbInfo.Content["issueDate"] = "2026-05-25T10:00:00Z";
        platform.RootList.ThisUpdate = platform.PckList.ThisUpdate = new DateTimeOffset(2026, 5, 25, 0, 0, 0, TimeSpan.Zero);
        (platform.RootList.Number, platform.PckList.Number) = (2, 8);
        var newer = platform.Build().Collateral;
        switch (what)
        {
            case "tcb-number":
                platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 19;
                break;
            case "qe-number":
                platform.QeIdentity.Content["tcbEvaluationDataNumber"] = 19;
                break;
            case "issue-date":
                platform.QeIdentity.Content["issueDate"] = "2026-05-19T10:00:00Z";
                break;
            default:
                platform.PckList.Number = 6;
                break;
        }
        service.Collateral = platform.Build().Collateral;
        Assert.True(IsNaivelyNewer(service.Collateral, newer));
        Assert.Null((await UpdateAsync(updater, At)).Value!.Path);
        service.Collateral = newer;
        Assert.NotNull((await UpdateAsync(updater, At)).Value!.Path);
    }

    [Fact]
    public async Task A_service_with_older_collateral_does_not_hide_the_next_one()
    {
        using var stale = new PretendedService("stale") { Collateral = platform.Build().Collateral };
        using var fresh = new PretendedService("fresh") { Collateral = stale.Collateral };
        var updater = Updater(stale, fresh);
        Assert.NotNull((await UpdateAsync(updater, At)).Value!.Path);
        platform.TcbInfo.Content["tcbEvaluationDataNumber"] = 21;
        platform.TcbInfo.Content["issueDate"] = "2026-05-25T10:00:00Z";
        fresh.Collateral = platform.Build().Collateral;
        stale.Failure = HttpStatusCode.InternalServerError;
        Assert.Equal(21, (await UpdateAsync(updater, At)).Value!.Summary.EvaluationDataNumber);

        stale.Failure = null;
        platform.TcbInfo.Content["issueDate"] = "2026-05-26T10:00:00Z";
        fresh.Collateral = platform.Build().Collateral;
        Assert.NotNull((await UpdateAsync(updater, At)).Value!.Path);
    }

    [Fact]
    public async Task Editions_are_kept_apart_and_a_numbered_one_has_its_number()
    {
        using var service = new PretendedService { Collateral = platform.Build().Collateral };
        foreach (var edition in new[] { EvaluationSet.Standard, EvaluationSet.Early, EvaluationSet.Numbered(20) })
        {
            Assert.NotNull((await Updater(edition, service).UpdateAsync(id, At)).Value!.Path);
        }
        Assert.Equal(3, Directory.GetFiles(folder.Path).Length);
        Assert.Contains(service.Requests, path => path.EndsWith($"tcb?fmspc={id.Fmspc}", StringComparison.Ordinal));
        Assert.Contains(service.Requests, path => path.EndsWith("&update=early", StringComparison.Ordinal));
        Assert.Contains(service.Requests, path => path.EndsWith("identity?tcbEvaluationDataNumber=20", StringComparison.Ordinal));
        Assert.Contains(
            "20 in place of 19", (await Updater(EvaluationSet.Numbered(19), service).UpdateAsync(id, At)).Refusal!.Detail,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("forged")]
    [InlineData("expired")]
    [InlineData("other root")]
    [InlineData("other authority")]
    [InlineData("no list")]
    public async Task What_does_not_verify_is_not_stored(string what)
    {
        using var other = new SyntheticPlatform();
        var verifier = options;
        var wanted = id;
        switch (what)
        {
            case "forged":
                platform.TcbInfo.SignedBy = platform.NewKey();
                break;
            case "expired":
                platform.QeIdentity.Content["nextUpdate"] = "2026-05-31T00:00:00Z";
                break;
            case "other root":
                verifier = new VerifierOptions { Anchors = [TrustAnchor.Intel] };
                break;
            case "other authority":
                wanted = id with { Authority = "processor" };
                break;
            default:
                platform.PckList.IsAbsent = true;
                break;
        }
        using var service = new PretendedService { Collateral = platform.Build().Collateral };
        var updater = new CollateralUpdater([service.Service], new CollateralStore(folder.Path), verifier);
        var refusal = (await updater.UpdateAsync(wanted, At)).Refusal!;
        Assert.Equal(KeepingReasons.BadAnswer, refusal.Reason);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("good")]
    [InlineData("absent")]
    [InlineData("of the QE")]
    [InlineData("forged")]
    [InlineData("expired")]
    public async Task The_identity_of_Intels_verifier_is_kept_if_it_verifies(string what)
    {
        var content = platform.QeIdentity.Content.DeepClone().AsObject();
        content["id"] = what == "of the QE" ? "QE" : "QVE";
        content["nextUpdate"] = what == "expired" ? "2026-05-31T00:00:00Z" : "2026-06-19T10:00:00Z";
        var document = new DocumentShape("enclaveIdentity", platform.Signer, content)
        {
            SignedBy = what == "forged" ? platform.NewKey() : null,
        };
        var collateral = platform.Build().Collateral;
        using var service = new PretendedService(PretendedService.WithQve)
        {
            Collateral = what == "absent" ? collateral : collateral with
            {
                QveIdentity = document.Sign(), QveIdentityIssuerChain = collateral.TcbInfoIssuerChain,
            },
        };
        var (update, refusal) = await UpdateAsync(Updater(service), At);
        if (what is not ("good" or "absent"))
        {
            Assert.Equal(KeepingReasons.BadAnswer, refusal!.Reason);
            return;
        }
        Assert.Equal(what == "good", update!.Summary.Pieces.Any(piece => piece.Name == "qveid"));
        var stored = new CollateralStore(folder.Path).Find(id)!;
        Assert.Equal(service.Collateral.QveIdentity.ToArray(), stored.QveIdentity.ToArray());

        // A service without it still renews everything else.
        platform.TcbInfo.Content["issueDate"] = "2026-05-25T10:00:00Z";
        using var other = new PretendedService("other") { Collateral = platform.Build().Collateral };
        Assert.NotNull((await UpdateAsync(Updater(other), At)).Value!.Path);
    }

    [Fact]
    public async Task Collateral_that_was_altered_where_it_is_stored_is_replaced()
    {
        using var service = new PretendedService { Collateral = platform.Build().Collateral };
        var updater = Updater(service);
        var path = (await UpdateAsync(updater, At)).Value!.Path!;
        var text = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, text.Replace("tcbEvaluationDataNumber\\u0022:20", "tcbEvaluationDataNumber\\u0022:99"));
        Assert.NotEqual(text, await File.ReadAllTextAsync(path));
        Assert.Equal(20, (await UpdateAsync(Updater(service), At)).Value!.Summary.EvaluationDataNumber);
    }

    [Theory]
    [InlineData("00606A000000:platform", "00606a000000", TeeType.Sgx)]
    [InlineData("00606a000000:processor:tdx", "00606a000000", TeeType.Tdx)]
    [InlineData("00606a000000", null, TeeType.Sgx)]
    [InlineData("00606a00000:platform:sgx", null, TeeType.Sgx)]
    [InlineData("00606a000000:platform:sgx:more", null, TeeType.Sgx)]
    [InlineData("00606a00000g:platform", null, TeeType.Sgx)]
    [InlineData("00606a000000:root", null, TeeType.Sgx)]
    public void A_platform_is_named_by_words(string text, string? fmspc, TeeType tee)
    {
        var read = PlatformId.TryParse(text);
        Assert.Equal(fmspc, read?.Fmspc);
        Assert.Equal(tee, read?.Tee ?? TeeType.Sgx);
    }

    // A comparison that looks at one document only.
    private static bool IsNaivelyNewer(QuoteCollateral offered, QuoteCollateral known)
    {
        var (after, before) = (CollateralSummary.TryRead(offered).Value!, CollateralSummary.TryRead(known).Value!);
        return after.Pieces[0].From >= before.Pieces[0].From;
    }

    private CollateralUpdater Updater(params PretendedService[] services) => Updater(EvaluationSet.Standard, services);

    private CollateralUpdater Updater(EvaluationSet edition, params PretendedService[] services) =>
        new([.. services.Select(each => each.Service)], new CollateralStore(folder.Path, edition), options);

    private Task<Guardian.Refusals.Outcome<CollateralUpdate>> UpdateAsync(CollateralUpdater updater, DateTimeOffset now) =>
        updater.UpdateAsync(id, now);
}
