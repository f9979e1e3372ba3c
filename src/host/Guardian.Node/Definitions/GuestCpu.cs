using System.Xml.Linq;

namespace Guardian.Node.Definitions;

/// <summary>
/// SGX in a guest's processor (docs/formatdomain.html, CPU model). Under host-passthrough and host-model every guest of an SGX host would
/// see it.
/// </summary>
internal static class GuestCpu
{
    private const string Sgx = "sgx";
    private const string ProvisionKey = "sgx-provisionkey";

    // The SGX features in libvirt's CPU map since it knows EPC; an unknown name would make it refuse the definition.
    private static readonly string[] Features =
        [Sgx, "sgxlc", "sgx1", "sgx2", "sgx-exinfo", "sgx-debug", "sgx-mode64", ProvisionKey, "sgx-tokenkey", "sgx-kss"];

    // A 64-bit enclave needs these; the others are optional.
    private static readonly string[] Required = [Sgx, "sgx1", "sgx-mode64"];

    /// <summary>Hides SGX from a guest that has no EPC. Nothing changes if the guest would not see SGX anyway.</summary>
    public static void HideSgx(XElement domain)
    {
        if (!IsKvm(domain) || domain.Element("cpu") is not { } cpu)
        {
            return;
        }
        foreach (var feature in Features.Where(feature => IsVisible(cpu, feature)))
        {
            SetPolicy(cpu, feature, "disable");
        }
    }

    /// <summary>Whether the definition itself requests SGX by name.</summary>
    public static bool RequestsSgx(XElement domain) =>
        domain.Element("cpu") is { } cpu && FindFeature(cpu, Sgx) is not null && !IsHidden(cpu, Sgx);

    /// <summary>Shows SGX to a guest that has EPC. Software emulation has no SGX, so an emulated guest does not change.</summary>
    /// <param name="domain">The definition.</param>
    /// <param name="provisionKey">Whether its enclaves may use the provisioning key, which identifies the host's processor.</param>
    public static void ShowSgx(XElement domain, bool provisionKey)
    {
        if (!IsKvm(domain))
        {
            return;
        }
        var cpu = domain.Element("cpu");
        if (cpu is null)
        {
            cpu = new XElement("cpu");
            domain.Add(cpu);
        }
        if (cpu.Attribute("mode") is null && cpu.Element("model") is null)
        {
            // QEMU's own default model has no SGX. This is the model that Nova uses by default.
            cpu.SetAttributeValue("mode", "host-model");
            cpu.SetAttributeValue("check", "partial");
            cpu.Attribute("match")?.Remove();
        }
        foreach (var feature in Features.Where(feature => feature != ProvisionKey))
        {
            var isHidden = IsHidden(cpu, feature);
            if (Required.Contains(feature) && (isHidden || !ShowsHost(cpu)))
            {
                SetPolicy(cpu, feature, "require");
            }
            else if (isHidden || (!ShowsHost(cpu) && FindFeature(cpu, feature) is null))
            {
                // An operator who hides SGX from all guests (cpu_model_extra_flags) means the guests without EPC.
                SetPolicy(cpu, feature, "optional");
            }
        }
        SetPolicy(cpu, ProvisionKey, provisionKey ? "optional" : "disable");
    }

    private static bool IsKvm(XElement domain) => (string?)domain.Attribute("type") == "kvm";

    private static bool ShowsHost(XElement cpu) => (string?)cpu.Attribute("mode") is "host-passthrough" or "host-model" or "maximum";

    private static bool IsVisible(XElement cpu, string feature) =>
        (ShowsHost(cpu) || FindFeature(cpu, feature) is not null) && !IsHidden(cpu, feature);

    private static bool IsHidden(XElement cpu, string feature) =>
        (string?)FindFeature(cpu, feature)?.Attribute("policy") is "disable" or "forbid";

    private static XElement? FindFeature(XElement cpu, string feature) =>
        cpu.Elements("feature").FirstOrDefault(element => (string?)element.Attribute("name") == feature);

    private static void SetPolicy(XElement cpu, string feature, string policy)
    {
        if (FindFeature(cpu, feature) is not { } element)
        {
            element = new XElement("feature", new XAttribute("policy", policy), new XAttribute("name", feature));
            // The schema expects features before the NUMA cells.
            if (cpu.Elements("feature").LastOrDefault() is { } last)
            {
                last.AddAfterSelf(element);
            }
            else if (cpu.Element("numa") is { } numa)
            {
                numa.AddBeforeSelf(element);
            }
            else
            {
                cpu.Add(element);
            }
        }
        else if ((string?)element.Attribute("policy") != policy)
        {
            element.SetAttributeValue("policy", policy);
        }
    }
}
