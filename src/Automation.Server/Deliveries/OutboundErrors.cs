using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>Sorts what can go wrong with an outgoing call into codes and sentences.</summary>
internal static class OutboundErrors
{
    /// <param name="error">What the call threw.</param>
    /// <param name="timeout">The call's own time limit, when that is what ended it.</param>
    /// <returns>Null for anything that is not an expected failure of a call: a defect.</returns>
    public static OutboundFailure? Sort(Exception error, TimeSpan? timeout)
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is OutboundException known) return new OutboundFailure(known.Code, known.Message, known.IsFinal);
            if (inner is StepException step) return new OutboundFailure(step.Error.Code, step.Error.Message, !step.Error.Retryable);
        }

        return error switch
        {
            OperationCanceledException when timeout is { } limit => new("receiver_timed_out", $"The receiver did not answer within {new Duration(limit)}."),
            OperationCanceledException { InnerException: TimeoutException } => new("connection_failed", "No connection to the receiver: no answer within the connect time-out."),
            HttpRequestException http => SortHttp(http),
            HttpIOException or IOException => Lost,
            _ => null,
        };
    }

    /// <summary>What a status means that is not a success.</summary>
    public static OutboundFailure OfStatus(int status, Uri? location) => status switch
    {
        410 => new("receiver_gone", "The receiver answered 410: it is gone for good.", Final: true),
        >= 300 and < 400 when location is { IsAbsoluteUri: true } =>
            new("redirect_refused", $"The receiver answered {status}, a redirect to {location.IdnHost}; redirects are not followed, so put the new address into the workflow."),
        >= 300 and < 400 => new("redirect_refused", $"The receiver answered {status}, a redirect; redirects are not followed, so put the new address into the workflow."),
        _ => new("receiver_refused", $"The receiver answered {status}."),
    };

    private static OutboundFailure Lost => new("connection_lost", "The receiver closed the connection before it had answered.");

    private static OutboundFailure SortHttp(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.SecureConnectionError => new("tls_failed", $"No secure connection to the receiver: {Tls(error)}"),
        HttpRequestError.NameResolutionError => new("name_not_resolved", "The receiver's name cannot be resolved."),
        HttpRequestError.ConnectionError => new("connection_failed", "No connection to the receiver."),
        HttpRequestError.ConfigurationLimitExceeded => new("invalid_response", $"The head of the receiver's answer is larger than {OutboundHttp.MaxHeadKilobytes} KB."),
        HttpRequestError.InvalidResponse => new("invalid_response", "The receiver's answer is not HTTP."),
        HttpRequestError.ResponseEnded => Lost,
        _ when error.InnerException is IOException or SocketException => Lost,
        _ => new("connection_failed", "The call to the receiver failed."),
    };

    private static string Tls(HttpRequestException error)
    {
        for (Exception? inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is AuthenticationException { InnerException: null } authentication)
                return authentication.Message.Contains("corrupted frame", StringComparison.Ordinal) ? "what it speaks is not TLS." : authentication.Message;
        }

        return "the handshake failed.";
    }
}
