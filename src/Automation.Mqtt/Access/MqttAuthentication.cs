using System.Net;
using System.Security.Cryptography.X509Certificates;
using Automation.Mqtt.Broker;

namespace Automation.Mqtt.Access;

/// <summary>Says who a client is; goes behind <see cref="MqttBrokerOptions.OnConnect"/>.</summary>
/// <remarks>
/// In this order: a client certificate gives its common name as the user name, whatever the CONNECT says. A user name or password in the
/// CONNECT is checked against the password file. Without a file, and for clients that send neither, it is the rule for anonymous clients that
/// decides, and the client has no user name: a name that nobody verified is not kept. A client is welcome (<see cref="MqttConnectContext.IsStillWelcome"/>) as long as that would be answered in the
/// same way, but for the files.
/// </remarks>
public sealed class MqttAuthentication
{
    private const string CommonName = "2.5.4.3"; // RFC 5280, id-at-commonName

    /// <summary>Users with passwords; null for none.</summary>
    public PasswordFile? Passwords { get; init; }

    /// <summary>Users that the application keeps; null for none. A name that <see cref="Passwords"/> has as well is checked there.</summary>
    public MqttUsers? Users { get; init; }

    /// <summary>
    /// Who comes in without proof. Unless set: clients on this machine if there are no <see cref="Passwords"/> and no <see cref="Users"/>, else nobody. A proxy on this
    /// machine makes all of its clients look like that.
    /// </summary>
    public MqttAnonymousAccess Anonymous { get; init; }

    /// <summary>Decides about a CONNECT and sets its <see cref="MqttConnectContext.UserName"/>.</summary>
    /// <param name="context">The CONNECT.</param>
    /// <returns>
    /// Success; <see cref="MqttReasonCode.BadUserNameOrPassword"/> for a wrong name or password; <see cref="MqttReasonCode.NotAuthorized"/> for
    /// an anonymous client that may not come in and for a certificate without one common name; <see cref="MqttReasonCode.ServerBusy"/> when too
    /// many passwords wait to be checked.
    /// </returns>
    public ValueTask<MqttReasonCode> AuthenticateAsync(MqttConnectContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.ClientCertificate is { } certificate)
        {
            context.UserName = NameIn(certificate);
            return new(context.UserName is { } named && IsAllowed(context, named) ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized);
        }

        if (HasPasswords && (context.UserName is not null || context.Password is not null))
        {
            if (context is not { UserName: { Length: > 0 } name, Password: { } password })
                return new(MqttReasonCode.BadUserNameOrPassword);
            if (Users is not { } users || Passwords?.Has(name) is true)
                return Passwords!.CheckAsync(name, password);
            var hash = users.PasswordOf(name);
            context.IsStillWelcome = () => hash is not null && users.PasswordOf(name)?.IsSameAs(hash) is true;
            return users.CheckAsync(name, password);
        }

        context.UserName = null;
        context.IsStillWelcome = () => IsAllowed(context.RemoteEndPoint.Address);
        return new(context.IsStillWelcome() ? MqttReasonCode.Success : MqttReasonCode.NotAuthorized);
    }

    private bool HasPasswords => Passwords is not null || Users is { Any: true };

    // Whoever has a certificate needs no password, but a user who is kept out stays out.
    private bool IsAllowed(MqttConnectContext context, string name)
    {
        if (Users is not { } users || Passwords?.Has(name) is true)
            return true;
        var isUser = users.Has(name);
        context.IsStillWelcome = () => isUser ? users.PasswordOf(name) is not null : !users.Has(name) || users.PasswordOf(name) is not null;
        return context.IsStillWelcome();
    }

    private bool IsAllowed(IPAddress address) => Anonymous switch
    {
        MqttAnonymousAccess.Everyone => true,
        MqttAnonymousAccess.Nobody => false,
        _ => !HasPasswords && IPAddress.IsLoopback(address),
    };

    // Two names would leave it open who the client is.
    private static string? NameIn(X509Certificate2 certificate)
    {
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(part => !part.HasMultipleElements && part.GetSingleElementType().Value == CommonName)
            .Select(part => part.GetSingleElementValue())
            .ToList();
        return names is [{ Length: > 0 } name] ? name : null;
    }
}

/// <summary>Which clients come in without a password or a certificate.</summary>
public enum MqttAnonymousAccess
{
    /// <summary>Clients on this machine, and only if no passwords are configured.</summary>
    ThisMachineWithoutPasswords = 0,

    /// <summary>None.</summary>
    Nobody = 1,

    /// <summary>All: for closed networks only.</summary>
    Everyone = 2,
}
