…$
ùu
.
Identity

input"T
output"T"	
Ttype
C
Placeholder
output"dtype"
dtypetype"
shapeshape:"serve*1.7.02v1.7.0-3-g024aecf4148§
A
PlaceholderPlaceholder*
_output_shapes
:*
dtype0

D
IdentityIdentityPlaceholder*
T0
*
_output_shapes
:
C
Placeholder_1Placeholder*
_output_shapes
:*
dtype0
H

Identity_1IdentityPlaceholder_1*
T0*
_output_shapes
:
C
Placeholder_2Placeholder*
_output_shapes
:*
dtype0
H

Identity_2IdentityPlaceholder_2*
T0*
_output_shapes
:
C
Placeholder_3Placeholder*
_output_shapes
:*
dtype0
H

Identity_3IdentityPlaceholder_3*
T0*
_output_shapes
:
C
Placeholder_4Placeholder*
_output_shapes
:*
dtype0	
H

Identity_4IdentityPlaceholder_4*
T0	*
_output_shapes
:
C
Placeholder_5Placeholder*
_output_shapes
:*
dtype0
H

Identity_5IdentityPlaceholder_5*
T0*
_output_shapes
:
C
Placeholder_6Placeholder*
_output_shapes
:*
dtype0
H

Identity_6IdentityPlaceholder_6*
T0*
_output_shapes
:
C
Placeholder_7Placeholder*
_output_shapes
:*
dtype0
H

Identity_7IdentityPlaceholder_7*
T0*
_output_shapes
:
C
Placeholder_8Placeholder*
_output_shapes
:*
dtype0
H

Identity_8IdentityPlaceholder_8*
T0*
_output_shapes
:
C
Placeholder_9Placeholder*
_output_shapes
:*
dtype0
H

Identity_9IdentityPlaceholder_9*
T0*
_output_shapes
:
D
Placeholder_10Placeholder*
_output_shapes
:*
dtype0
J
Identity_10IdentityPlaceholder_10*
T0*
_output_shapes
:
D
Placeholder_11Placeholder*
_output_shapes
:*
dtype0
J
Identity_11IdentityPlaceholder_11*
T0*
_output_shapes
:
D
Placeholder_12Placeholder*
_output_shapes
:*
dtype0
J
Identity_12IdentityPlaceholder_12*
T0*
_output_shapes
:
D
Placeholder_13Placeholder*
_output_shapes
:*
dtype0
J
Identity_13IdentityPlaceholder_13*
T0*
_output_shapes
:
D
Placeholder_14Placeholder*
_output_shapes
:*
dtype0
J
Identity_14IdentityPlaceholder_14*
T0*
_output_shapes
:
D
Placeholder_15Placeholder*
_output_shapes
:*
dtype0
J
Identity_15IdentityPlaceholder_15*
T0*
_output_shapes
:
D
Placeholder_16Placeholder*
_output_shapes
:*
dtype0
J
Identity_16IdentityPlaceholder_16*
T0*
_output_shapes
:
D
Placeholder_17Placeholder*
_output_shapes
:*
dtype0
J
Identity_17IdentityPlaceholder_17*
T0*
_output_shapes
:"*b
identity_boolQ

x
Placeholder:0

y

Identity:0
tensorflow/serving/predict*n
identity_complex128W

x
Placeholder_11:0
y
Identity_11:0tensorflow/serving/predict*m
identity_complex64W

x
Placeholder_10:0
y
Identity_10:0tensorflow/serving/predict*i
identity_float16U

x
Placeholder_7:0
y
Identity_7:0tensorflow/serving/predict*i
identity_float32U

x
Placeholder_8:0
y
Identity_8:0tensorflow/serving/predict*i
identity_float64U

x
Placeholder_9:0
y
Identity_9:0tensorflow/serving/predict*g
identity_int16U

x
Placeholder_2:0
y
Identity_2:0tensorflow/serving/predict*g
identity_int32U

x
Placeholder_3:0
y
Identity_3:0tensorflow/serving/predict*g
identity_int64U

x
Placeholder_4:0	
y
Identity_4:0	tensorflow/serving/predict*f
identity_int8U

x
Placeholder_1:0
y
Identity_1:0tensorflow/serving/predict*j
identity_qint16W

x
Placeholder_14:0
y
Identity_14:0tensorflow/serving/predict*j
identity_qint32W

x
Placeholder_16:0
y
Identity_16:0tensorflow/serving/predict*i
identity_qint8W

x
Placeholder_12:0
y
Identity_12:0tensorflow/serving/predict*k
identity_quint16W

x
Placeholder_15:0
y
Identity_15:0tensorflow/serving/predict*j
identity_quint8W

x
Placeholder_13:0
y
Identity_13:0tensorflow/serving/predict*j
identity_stringW

x
Placeholder_17:0
y
Identity_17:0tensorflow/serving/predict*h
identity_uint16U

x
Placeholder_6:0
y
Identity_6:0tensorflow/serving/predict*g
identity_uint8U

x
Placeholder_5:0
y
Identity_5:0tensorflow/serving/predict