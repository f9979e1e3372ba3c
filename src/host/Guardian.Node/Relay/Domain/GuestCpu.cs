using System.Xml.Linq;

namespace Guardian.Node.Relay.Domain;

/// <summary>SGX in a guest's processor (docs/formatdomain.html, CPU model). Under host-passthrough and host-model every guest of an SGX host would see it.</summary>
internal static class GuestCpu
{
    private const string Sgx = "sgx";
    private const string ProvisionKey = "sgx-provisionkey";

    // What libvirt's CPU map knows of SGX since it knows EPC; a name that it does not know would fail the definition.
    private static readonly string[] Features =
        [Sgx, "sgxlc", "sgx1", "sgx2", "sgx-exinfo", "sgx-debug", "sgx-mode64", ProvisionKey, "sgx-tokenkey", "sgx-kss"];

    // Without these there is no 64-bit enclave; the others are there where the host has them.
    private static readonly string[] Needed = [Sgx, "sgx1", "sgx-mode64"];

    /// <summary>Hides SGX from a guest that has no EPC; nothing changes when it would not see SGX anyway.</summary>
    public static void Hide(XElement domain)
    {
        if (!IsKvm(domain) || domain.Element("cpu") is not { } cpu)
        {
            return;
        }
        foreach (var feature in Features.Where(feature => (ShowsHost(cpu) || Find(cpu, feature) is not null) && !IsHidden(cpu, feature)))
        {
            Put(cpu, feature, "disable");
        }
    }

    /// <summary>Whether the definition itself asks for SGX by name.</summary>
    public static bool IsAskedFor(XElement domain) => domain.Element("cpu") is { } cpu && Find(cpu, Sgx) is not null && !IsHidden(cpu, Sgx);

    /// <summary>Shows SGX to a guest that has EPC. Software emulation has no SGX, so nothing changes there.</summary>
    /// <param name="provisionKey">Whether its enclaves may use the provisioning key, which identifies the host's processor.</param>
    public static void Show(XElement domain, bool provisionKey)
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
            // QEMU's own default model knows no SGX. This is what Nova takes where nothing else is set.
            cpu.SetAttributeValue("mode", "host-model");
            cpu.SetAttributeValue("check", "partial");
            cpu.Attribute("match")?.Remove();
        }
        foreach (var feature in Features.Where(feature => feature != ProvisionKey))
        {
            var isHidden = IsHidden(cpu, feature);
            if (Needed.Contains(feature) && (isHidden || !ShowsHost(cpu)))
            {
                Put(cpu, feature, "require");
            }
            else if (isHidden || (!ShowsHost(cpu) && Find(cpu, feature) is null))
            {
                // An operator who hides SGX from all guests (cpu_model_extra_flags) does not mean this one.
                Put(cpu, feature, "optional");
            }
        }
        Put(cpu, ProvisionKey, provisionKey ? "optional" : "disable");
    }

    private static bool IsKvm(XElement domain) => (string?)domain.Attribute("type") == "kvm";

    private static bool ShowsHost(XElement cpu) => (string?)cpu.Attribute("mode") is "host-passthrough" or "host-model" or "maximum";

    private static bool IsHidden(XElement cpu, string feature) => (string?)Find(cpu, feature)?.Attribute("policy") is "disable" or "forbid";

    private static XElement? Find(XElement cpu, string feature) => cpu.Elements("feature").FirstOrDefault(element => (string?)element.Attribute("name") == feature);

    private static void Put(XElement cpu, string feature, string policy)
    {
        if (Find(cpu, feature) is not { } element)
        {
            element = new XElement("feature", new XAttribute("policy", policy), new XAttribute("name", feature));
            // The schema wants features before the NUMA cells.
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
