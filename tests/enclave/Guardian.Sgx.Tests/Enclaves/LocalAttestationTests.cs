using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Reports;
using Guardian.Simulation.Processor;

namespace Guardian.Sgx.Tests.Enclaves;

public sealed class LocalAttestationTests : IDisposable
{
    private readonly TestMachine machine = new();

    public void Dispose() => machine.Dispose();

    [Fact]
    public void The_target_alone_can_check_a_report()
    {
        using var enclave = machine.Launch(1);
        using var target = machine.Launch(2);
        var data = new byte[64];
        data[5] = 9;
        var report = enclave.CreateReport(TargetInfo.Of(target.Identity), data);
        Assert.True(LocalAttestation.VerifyReport(target, report));
        Assert.False(LocalAttestation.VerifyReport(enclave, report));
        Assert.True(ReportBody.TryRead(report.AsSpan(0, ReportBody.Size), out var body));
        Assert.Equal((enclave.Identity.MrEnclave, (byte)9), (body!.MrEnclave, body.ReportData.Span[5]));
    }

    [Fact]
    public void Any_altered_byte_and_any_cut_is_refused()
    {
        using var enclave = machine.Launch();
        var report = enclave.CreateReport(TargetInfo.Of(enclave.Identity), new byte[64]);
        for (var i = 0; i < report.Length; i++)
        {
            report[i] ^= 1;
            Assert.False(LocalAttestation.VerifyReport(enclave, report), $"byte {i}");
            report[i] ^= 1;
            Assert.False(LocalAttestation.VerifyReport(enclave, report.AsSpan(0, i)));
        }
    }

    [Fact]
    public void A_report_of_another_machine_is_refused()
    {
        using var other = new TestMachine();
        using var enclave = machine.Launch();
        using var same = other.Launch();
        Assert.Equal(enclave.Identity.MrEnclave, same.Identity.MrEnclave);
        Assert.False(LocalAttestation.VerifyReport(enclave, same.CreateReport(TargetInfo.Of(enclave.Identity), new byte[64])));
    }

    [Fact]
    public void Arguments_of_another_size_are_misuse()
    {
        using var enclave = machine.Launch();
        Assert.Throws<ArgumentOutOfRangeException>(() => enclave.CreateReport(new byte[511], new byte[64]));
        Assert.Throws<ArgumentOutOfRangeException>(() => enclave.CreateReport(new byte[512], new byte[63]));
    }
}
