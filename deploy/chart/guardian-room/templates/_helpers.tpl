{{- define "room.selector" -}}
app.kubernetes.io/name: guardian-room
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "room.labels" -}}
{{ include "room.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* The pod of an enclave: root, role (lead or shard), arguments. */}}
{{- define "room.pod" -}}
{{- $root := .root -}}
metadata:
  labels: {{- include "room.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  {{- with $root.Values.images.pullSecrets }}
  imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
  {{- end }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: {{ .role }}
    image: {{ $root.Values.images.registry }}guardian-enclave:{{ $root.Values.images.tag | default $root.Chart.AppVersion }}
    imagePullPolicy: {{ $root.Values.images.pullPolicy }}
    args:
    - --contract
    - /etc/guardian/room.yaml
    - --cas
    - {{ $root.Values.cas | quote }}
    - --state
    - /state/room
    - --machine
    - /var/lib/guardian/machine
    - --listen
    - 0.0.0.0:9443
    - --working-set
    - {{ $root.Values.workingSet | quote }}
    {{- range .arguments }}
    - {{ . | quote }}
    {{- end }}
    ports:
    - name: https
      containerPort: 9443
      protocol: TCP
    startupProbe:
      tcpSocket: {port: https}
      periodSeconds: 1
      failureThreshold: 300
    readinessProbe:
      tcpSocket: {port: https}
      periodSeconds: 5
    securityContext:
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
    resources:
      requests:
        cpu: 50m
        memory: 256Mi
      limits:
        memory: {{ $root.Values.memory }}
    volumeMounts:
    - name: contract
      mountPath: /etc/guardian
      readOnly: true
    - name: state
      mountPath: /state
      readOnly: {{ eq .role "shard" }}
    - name: machine
      mountPath: /var/lib/guardian
    - name: tmp
      mountPath: /tmp
  volumes:
  - name: contract
    configMap:
      name: {{ $root.Values.contract | quote }}
  - name: state
    persistentVolumeClaim:
      claimName: {{ $root.Release.Name }}-state
  - name: machine
    emptyDir:
      sizeLimit: 64Mi
  # Rows beyond the working set are sorted here, encrypted.
  - name: tmp
    emptyDir: {}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
